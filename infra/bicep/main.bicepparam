// dev: nothing is paid while nothing runs, the relay's one instance and stored bytes aside.
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
