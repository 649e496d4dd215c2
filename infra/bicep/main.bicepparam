// dev: Cosmos DB by request, no zones, no locks; what it costs while nothing runs: docs/operate.md.
using 'main.bicep'

param environmentName = 'dev'
param workload = 'shop'
param cosmosMode = 'serverless'
param backupTier = 'Continuous7Days'
param zoneRedundant = false
param lockAgainstDeletion = false
param privateNetworking = false
param retentionDays = 7
param logRetentionDays = 30
param apiInstancesMax = 40
param relayInstancesMax = 40
