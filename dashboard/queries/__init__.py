"""SQL of the pages, one module a page: functions of a reader and a filter that give small frames. No Streamlit here."""
