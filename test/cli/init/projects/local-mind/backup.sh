#!/bin/bash
# As in 000-local-mind.txt, "Automated Backup Script"
DATE=$(date +%Y%m%d)
docker exec sce-cognitive-brain neo4j-admin database dump neo4j --to-path=/backups/neo4j-${DATE}.dump
tar -czf /backups/${DATE}/milvus.tar.gz data/milvus/
find /backups -type d -mtime +7 -exec rm -rf {} \;
