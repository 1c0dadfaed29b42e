"""The web pages over a release and the incident store. Reads releases, never the warehouse; writes incidents only."""
