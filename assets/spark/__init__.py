"""The Spark engine: settings, session, the SQL dialect and the tables that Spark builds. What each stage does there is the stage's own."""
