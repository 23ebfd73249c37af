package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One measurement. Latencies are those of completion, in microseconds.
 *
 * @param round from 1; 0 for what was measured cold
 * @param iops writes a second, over the time that the last flush took, too
 * @param bytes written
 * @param millis from the first write to the end of the last flush
 * @param copies blocks of 4 KiB that the second host holds of it when it is over; -1 where nobody keeps any or says so
 * @param othersCores what other processes, and the kernel's own threads, took of the processors meanwhile
 */
record Sample(
        int round,
        double iops,
        long writes,
        long bytes,
        long millis,
        double p50Micros,
        double p99Micros,
        double p999Micros,
        double meanMicros,
        double maxMicros,
        long copies,
        double othersCores) {
    private static final double NANOS = 1_000;

    /** Of what fio says of a job. */
    static Sample of(JsonNode job, int round, long copies, double othersCores) {
        JsonNode write = job.path("write");
        JsonNode latency = write.path("clat_ns");
        JsonNode percentile = latency.path("percentile");
        return new Sample(
                round,
                write.path("iops").asDouble(),
                write.path("total_ios").asLong(),
                write.path("io_bytes").asLong(),
                write.path("runtime").asLong(),
                percentile.path("50.000000").asDouble() / NANOS,
                percentile.path("99.000000").asDouble() / NANOS,
                percentile.path("99.900000").asDouble() / NANOS,
                latency.path("mean").asDouble() / NANOS,
                latency.path("max").asDouble() / NANOS,
                copies,
                othersCores);
    }
}
