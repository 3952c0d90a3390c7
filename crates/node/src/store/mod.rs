//! What survives a restart: functions, versions, shares and code.
