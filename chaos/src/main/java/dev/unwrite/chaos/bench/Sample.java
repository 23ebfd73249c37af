package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One measurement. Latencies are those of completion, in microseconds.
 *
 * @param round from 1; 0 for what was measured cold
 * @param iops writes and reads a second, over the time that the last flush took, too
 * @param bytes written and read
 * @param millis from the first write to the end of the last flush
 * @param copies blocks of 4 KiB that the second host holds of it when it is over; -1 where nobody keeps any or says so
 * @param cpuMicros what each process of the setup took of the processors, in microseconds for each write or read
 * @param diskBytes what the disk was written meanwhile by whomever, in bytes for each byte that fio wrote; null where that wrote none, or where
 *     nobody tells
 * @param chargedBytes what the kernel charged each process of the setup with, likewise ({@link DiskBytes})
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
        Map<String, Double> cpuMicros,
        @Nullable Double diskBytes,
        Map<String, Double> chargedBytes,
        double othersCores) {
    private static final double NANOS = 1_000;
    private static final double MICROS = 1e6;

    /** What was used meanwhile: seconds of each process, bytes that the disk was written, bytes that each process was charged with. */
    record Used(Map<String, Double> cpuSeconds, OptionalLong diskBytes, Map<String, Long> chargedBytes) {}

    /** Of what fio says of a job, and of what was used. Latencies are those of writes, if there are any. */
    static Sample of(JsonNode job, int round, long copies, Used used, double othersCores) {
        JsonNode write = job.path("write");
        JsonNode read = job.path("read");
        long writes = write.path("total_ios").asLong();
        long all = writes + read.path("total_ios").asLong();
        JsonNode latency = (writes > 0 ? write : read).path("clat_ns");
        JsonNode percentile = latency.path("percentile");
        Map<String, Double> cpuMicros = new TreeMap<>();
        used.cpuSeconds().forEach((process, seconds) -> cpuMicros.put(process, seconds * MICROS / all));
        long written = write.path("io_bytes").asLong();
        Map<String, Double> chargedPerByte = new TreeMap<>();
        Double diskPerByte = null;
        if (written > 0) {
            used.chargedBytes().forEach((process, bytes) -> chargedPerByte.put(process, bytes / (double) written));
            if (used.diskBytes().isPresent()) {
                diskPerByte = used.diskBytes().getAsLong() / (double) written;
            }
        }
        return new Sample(
                round,
                write.path("iops").asDouble() + read.path("iops").asDouble(),
                writes,
                written + read.path("io_bytes").asLong(),
                Math.max(write.path("runtime").asLong(), read.path("runtime").asLong()),
                percentile.path("50.000000").asDouble() / NANOS,
                percentile.path("99.000000").asDouble() / NANOS,
                percentile.path("99.900000").asDouble() / NANOS,
                latency.path("mean").asDouble() / NANOS,
                latency.path("max").asDouble() / NANOS,
                copies,
                cpuMicros,
                diskPerByte,
                chargedPerByte,
                othersCores);
    }

    /** Of all processes of the setup, in microseconds for each write or read. */
    double cpuMicrosOfAll() {
        return cpuMicros.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}
