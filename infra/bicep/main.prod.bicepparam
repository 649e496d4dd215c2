// prod: autoscale, zones, locks. For private networking set `privateNetworking` to true before the
// first deployment: Service Bus cannot change its tier between Standard and Premium in place.
using 'main.bicep'

param environmentName = 'prod'
param workload = 'shop'
param cosmosMode = 'autoscale'
param cosmosThroughputMax = 4000
param backupTier = 'Continuous30Days'
param zoneRedundant = true
param lockAgainstDeletion = true
param privateNetworking = false
param retentionDays = 7
param logRetentionDays = 90
param apiInstancesMax = 100
param relayInstancesMax = 40
