#!/bin/bash
# As in 004-core-agent.txt, "Database Backups"
pg_dump -h $POSTGRES_HOST -U $POSTGRES_USER -d $POSTGRES_DB -F c -f "$BACKUP_DIR/backup_$DATE.dump"
gzip "$BACKUP_DIR/backup_$DATE.dump"
find $BACKUP_DIR -name "*.dump.gz" -mtime +30 -delete
