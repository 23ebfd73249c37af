package dev.unwrite.trace;

import dev.unwrite.protocol.Extent;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.storage.Session;
import dev.unwrite.storage.StorageObserver;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Records the effects at the storage, in their order: one file for each group and process. */
public final class StorageTrace implements StorageObserver, Closeable {
    private static final System.Logger LOG = System.getLogger(StorageTrace.class.getName());

    /**
     * Refusals of a kind that each session gets a line for; after that only the 16th, 32nd, 64th and so on do: a fenced host may
     * try as often as it likes.
     */
    public static final int REFUSALS_EACH = 8;

    private final Path dir;
    private final TraceClock clock;
    private final Map<String, Group> groups = new ConcurrentHashMap<>();

    private StorageTrace(Path dir, TraceClock clock) {
        this.dir = dir;
        this.clock = clock;
    }

    /**
     * Files {@code DIR/storage-<group>-<start in microseconds>.ndjson}, created as groups are served. Throws
     * {@link UncheckedIOException} where that cannot be done.
     */
    public static StorageTrace open(Path dir) {
        return open(dir, TraceClock.SYSTEM);
    }

    /** As above, with another clock. */
    public static StorageTrace open(Path dir, TraceClock clock) {
        return new StorageTrace(dir, clock);
    }

    @Override
    public boolean active() {
        return true;
    }

    @Override
    public void booted(String group, String storage, long boot, OwnershipRecord record, List<String> volumes) {
        Group trace = group(group);
        trace.volumes = List.copyOf(volumes);
        trace.line("Boot", line -> {
            line.put("storage", storage).put("boot", boot).part(json -> {
                json.writeArrayFieldStart("volumes");
                for (String volume : volumes) {
                    json.writeString(volume);
                }
                json.writeEndArray();
            });
            record(line, record);
            if (!trace.lost.isEmpty()) {
                line.put("lost", trace.lost);
                trace.lost = List.of();
            }
        });
    }

    @Override
    public void lost(String group, List<Extent> blocks) {
        group(group).lost = List.copyOf(blocks);
    }

    @Override
    public void destaged(String group, List<Extent> blocks) {
        group(group).line("Destage", line -> line.put("extents", blocks));
    }

    @Override
    public void sessionOpened(String group, Session session, List<Session> ended) {
        Group trace = group(group);
        trace.hosts.put(session.number(), session.host());
        trace.line(
                "Session",
                line -> line.put("host", session.host())
                        .put("session", session.number())
                        .put("term", session.term()));
    }

    @Override
    public void recordChanged(String group, Session by, OwnershipRecord record) {
        group(group).line("Record", line -> {
            line.put("host", by.host()).put("session", by.number());
            record(line, record);
        });
    }

    @Override
    public void written(Write write) {
        Group trace = group(write.group());
        long first = write.offset() / Extent.BLOCK_BYTES;
        long end = (write.offset() + write.length() + Extent.BLOCK_BYTES - 1) / Extent.BLOCK_BYTES;
        boolean whole = write.offset() % Extent.BLOCK_BYTES == 0 && write.length() % Extent.BLOCK_BYTES == 0;
        Extent extent = new Extent(trace.volumes.indexOf(write.volume()), first, Math.toIntExact(end - first));
        int[] values = whole ? values(write.data(), extent.count()) : null;
        trace.line("Apply", line -> {
            line.put("host", trace.hosts.getOrDefault(write.session(), ""))
                    .put("session", write.session())
                    .put("extent", extent);
            if (!write.certain()) {
                line.put("certain", 0);
            }
            line.values(values);
        });
    }

    @Override
    public void readForCopy(Read read) {
        Group trace = group(read.group());
        Extent extent = new Extent(
                trace.volumes.indexOf(read.volume()),
                read.offset() / Extent.BLOCK_BYTES,
                Math.toIntExact(read.length() / Extent.BLOCK_BYTES));
        int[] values = values(read.data(), extent.count());
        trace.line(
                "Read",
                line -> line.put("host", trace.hosts.getOrDefault(read.session(), ""))
                        .put("session", read.session())
                        .put("epoch", read.epoch())
                        .put("extent", extent)
                        .values(values));
    }

    @Override
    public void refused(Refusal refusal) {
        Group trace = group(refusal.group());
        if (!refusal.host().equals(trace.hosts.get(refusal.session()))) {
            return; // A session that this storage never opened, or another's: numbers cost nothing to invent.
        }
        long times = trace.refused.merge(new Refused(refusal.session(), refusal.asked()), 1L, Long::sum);
        if (times > REFUSALS_EACH && Long.bitCount(times) != 1) {
            return;
        }
        trace.line(
                "Refused",
                line -> line.put("host", refusal.host())
                        .put("session", refusal.session())
                        .put("term", refusal.term())
                        .put("what", refusal.asked().name().toLowerCase(Locale.ROOT))
                        .put("times", times));
    }

    private static int[] values(@Nullable ByteBuffer data, int count) {
        if (data != null) {
            return BlockHash.of(data);
        }
        int[] zeroes = new int[count];
        Arrays.fill(zeroes, BlockHash.ZERO);
        return zeroes;
    }

    @Override
    public void flushed(String group, String volume, long session) {
        Group trace = group(group);
        trace.line(
                "Flushed",
                line -> line.put("host", trace.hosts.getOrDefault(session, ""))
                        .put("session", session)
                        .put("volume", trace.volumes.indexOf(volume)));
    }

    private static void record(TraceLine line, OwnershipRecord record) {
        line.part(json -> {
            json.writeObjectFieldStart("record");
            json.writeNumberField("version", record.version());
            json.writeNumberField("term", record.term());
            json.writeStringField("owner", record.owner());
            json.writeStringField("mode", record.mode().wire());
            json.writeStringField("secondary", record.secondary());
            json.writeNumberField("base", record.base());
            json.writeEndObject();
        });
    }

    private Group group(String name) {
        return groups.computeIfAbsent(name, this::create);
    }

    private Group create(String name) {
        try {
            TraceFile.Created created = TraceFile.create(dir, "storage-" + name, clock.micros(), TraceFile.LIMIT_BYTES);
            return new Group(name, created.file(), created.number());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create a trace in " + dir, e);
        }
    }

    @Override
    public void close() throws IOException {
        for (Group group : groups.values()) {
            group.close();
        }
    }

    private record Refused(long session, Asked asked) {}

    /** Writes some fields of a line. */
    private interface Fields {
        void put(TraceLine line);
    }

    /** The trace of one group. The storage makes the calls of one group one at a time. */
    private final class Group {
        private final String name;
        private final TraceFile file;
        private final long start;
        /** Grows by one with each session, a few dozen bytes each. */
        private final Map<Long, String> hosts = new HashMap<>();
        /** Three for a session at most. */
        private final Map<Refused, Long> refused = new HashMap<>();

        private List<String> volumes = List.of();
        /** What the next start comes back without. */
        private List<Extent> lost = List.of();

        private long sequence;
        private boolean failed;

        Group(String name, TraceFile file, long start) {
            this.name = name;
            this.file = file;
            this.start = start;
        }

        synchronized void line(String action, Fields fields) {
            if (failed) {
                return;
            }
            try {
                TraceLine line = new TraceLine()
                        .put("seq", sequence++)
                        .put("t", clock.micros())
                        .put("node", "storage")
                        .put("start", start)
                        .put("action", action)
                        .put("group", name);
                fields.put(line);
                line.to(file);
            } catch (IOException | RuntimeException e) {
                failed = true;
                LOG.log(System.Logger.Level.WARNING, "the trace ends here, it cannot be written: " + e.getMessage());
            }
        }

        synchronized void close() throws IOException {
            failed = true;
            file.close();
        }
    }
}
