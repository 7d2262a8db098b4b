"""An answer as rows for people and programs: JSON, CSV, and the ConfigMaps they are kept in."""
