"""What leaves the product to be acted on: draft orders decided by people, in shapes that ERPs import, and what came back."""
