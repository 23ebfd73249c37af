package dev.unwrite.chaos.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What memory a pair needs for volumes of very different sizes, which are files full of holes. */
final class FootprintRun {
    private static final int DEPTH = 16;
    /** All volumes get as many, if the time is enough. */
    private static final long WRITES = 16_384;

    private static final int BLOCK_BYTES = 4096;

    private final FioRun fio;
    private final Duration most;

    /** Writes for no longer than {@code most}. */
    FootprintRun(FioRun fio, Duration most) {
        this.fio = fio;
        this.most = most;
    }

    /** Makes a volume that is one hole. */
    static void hole(Path file, long bytes) throws IOException {
        try (RandomAccessFile hole = new RandomAccessFile(file.toFile(), "rw")) {
            hole.setLength(bytes);
        }
    }

    /** Starts the pair, writes to its volume of so many bytes, looks, and ends it. */
    Footprint of(NodeSetup pair, long volumeBytes) throws IOException, InterruptedException {
        pair.start();
        JsonNode job = fio.run(
                pair.uri(),
                List.of(
                        "--rw=randwrite",
                        "--bs=" + BLOCK_BYTES,
                        "--size=" + volumeBytes,
                        "--io_size=" + WRITES * BLOCK_BYTES,
                        "--runtime=" + most.toMillis() + "ms",
                        // A map of what was written already would be larger than this machine's memory.
                        "--norandommap",
                        "--random_generator=tausworthe64"),
                DEPTH);
        Map<String, Long> resident = Bench.ofEach(pair, Processor::residentBytes);
        long copies = pair.copies();
        pair.end();
        return new Footprint(volumeBytes, job.path("write").path("total_ios").asLong(), copies, resident);
    }
}
