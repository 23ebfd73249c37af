package dev.unwrite.chaos.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Writes a history as it happens; reads one back. Thread-safe. */
public final class LedgerHistory implements Closeable {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final BufferedWriter out;

    /** Begins a new file; an old one of that name is lost. */
    public LedgerHistory(Path file) throws IOException {
        this.out = Files.newBufferedWriter(file);
    }

    /** Appends one operation; it is in the file after {@link #flush} or {@link #close}. */
    public synchronized void add(Operation operation) throws IOException {
        out.write(JSON.writeValueAsString(operation));
        out.write('\n');
    }

    /** Hands everything to the operating system. */
    public synchronized void flush() throws IOException {
        out.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }

    /** Reads a whole history; an {@link IOException} names the line that cannot be understood. */
    public static List<Operation> read(Path file) throws IOException {
        List<Operation> operations = new ArrayList<>();
        Map<Long, Long> pool = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
            try {
                operations.add(pooled(JSON.readValue(line, Operation.class), pool));
            } catch (JsonProcessingException e) {
                throw new IOException(file + ", line " + (operations.size() + 1) + ": " + e.getOriginalMessage(), e);
            }
        }
        return operations;
    }

    /** The same with one object for each balance: a long run reads the same few thousand of them millions of times. */
    private static Operation pooled(Operation op, Map<Long, Long> pool) {
        List<Long> values = op.values().stream()
                .map(value -> pool.computeIfAbsent(value, first -> first))
                .toList();
        return new Operation(
                op.client(),
                op.reqno(),
                op.op(),
                op.from(),
                op.to(),
                op.amount(),
                op.invoke(),
                op.complete(),
                op.outcome(),
                op.seq(),
                values,
                op.error());
    }
}
