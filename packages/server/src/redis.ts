export { type RedisStoreOptions, redisStore } from "./store/redis/store.js";
