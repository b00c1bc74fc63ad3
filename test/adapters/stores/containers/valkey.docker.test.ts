import { describeRedis, redisContainers } from './redis-containers.js';

const containers = redisContainers('valkey', 'plain');
describeRedis(containers, { service: 'valkey', product: 'valkey 8', appendonly: 'yes', times: 1 });
describeRedis(containers, { service: 'plain', product: 'redis 8', appendonly: 'no', times: 1 });
