"""From texts to values: the SQL that reads contract columns from raw ones, with the rules that keep a row out."""
