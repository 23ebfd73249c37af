package dev.unwrite.chaos.volume;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.chaos.ledger.Operation.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of the history of a volume. A request is ok, or info where nobody knows whether it took effect; fail where it did
 * not.
 *
 * @param client who asked
 * @param host whom
 * @param term in which that host was primary when the connection was made, so that all of it belongs to one life of the
 *     machine
 * @param seq of a write, the number of its first cell's content, the others follow; of a checkpoint, its own number; of
 *     fio, always the pass that is written, checkpointed or expected
 * @param cell the first {@link VolumeCell}
 * @param count how many cells
 * @param epoch of a checkpoint or failover that was answered, as answered; else 0
 * @param invoke nanoseconds since 1970 on a monotonic clock, as {@code complete}
 * @param quiet of a checkpoint, whether no write was under way
 * @param durable of a write, whether it was to be answered only when it was flushed
 * @param values of a read, the write that each cell holds; 0 is none
 * @param wrong of a read, the cells that are not whole or not in their place, or what fio says of them
 * @param state of a checkpoint, the line of the {@link VolumeState} that was handed over; of fio's first read in a life, the
 *     one that was handed back
 * @param error why there was no proper answer
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
@JsonPropertyOrder({"op", "client", "host", "term", "seq", "cell", "count", "epoch", "invoke", "complete", "outcome"})
public record VolumeEvent(
        Kind op,
        String client,
        String host,
        long term,
        long seq,
        int cell,
        int count,
        long epoch,
        long invoke,
        long complete,
        Outcome outcome,
        boolean quiet,
        boolean durable,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Long> values,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> wrong,
        @Nullable String state,
        @Nullable String error) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** What was asked. */
    public enum Kind {
        /** A write of neighbouring cells. */
        @JsonProperty("W")
        WRITE,
        /** A trim of neighbouring cells, which read as zeroes afterwards: this storage promises that. */
        @JsonProperty("D")
        TRIM,
        /** A write of zeroes. */
        @JsonProperty("Z")
        ZERO,
        /** A flush. */
        @JsonProperty("F")
        FLUSH,
        /** A checkpoint, by command. */
        @JsonProperty("C")
        CHECKPOINT,
        /** A read of the whole volume, with no write under way. */
        @JsonProperty("R")
        READ,
        /** The same, when all is over. */
        @JsonProperty("E")
        END,
        /** A failover, by command. */
        @JsonProperty("V")
        FAILOVER
    }

    /** Copies the lists; those that were left out of a line are empty. */
    public VolumeEvent {
        values = values == null ? List.of() : List.copyOf(values);
        wrong = wrong == null ? List.of() : List.copyOf(wrong);
    }

    /** Whether it is known to have taken effect. */
    @JsonIgnore
    public boolean isOk() {
        return outcome == Outcome.OK;
    }

    /** What was asked, as a letter. */
    public char letter() {
        return switch (op) {
            case WRITE -> 'W';
            case TRIM -> 'D';
            case ZERO -> 'Z';
            case FLUSH -> 'F';
            case CHECKPOINT -> 'C';
            case READ -> 'R';
            case END -> 'E';
            case FAILOVER -> 'V';
        };
    }

    /** Whether it changed cells. */
    @JsonIgnore
    public boolean isWrite() {
        return op == Kind.WRITE || op == Kind.TRIM || op == Kind.ZERO;
    }

    /** What the cell, counted from its first one, holds after it: the number of a write, or 0 for zeroes. */
    public long content(int index) {
        return op == Kind.WRITE ? seq + index : 0;
    }

    /** Whether it read the volume. */
    @JsonIgnore
    public boolean isRead() {
        return op == Kind.READ || op == Kind.END;
    }

    /** As a line. */
    String json() throws IOException {
        return JSON.writeValueAsString(this);
    }

    /** Reads a whole history, none where there is no file; an {@link IOException} names the line that cannot be understood. */
    public static List<VolumeEvent> read(Path file) throws IOException {
        List<VolumeEvent> events = new ArrayList<>();
        if (!Files.exists(file)) {
            return events;
        }
        for (String line : Files.readAllLines(file)) {
            try {
                events.add(JSON.readValue(line, VolumeEvent.class));
            } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
                throw new IOException(file + ", line " + (events.size() + 1) + ": " + e.getOriginalMessage(), e);
            }
        }
        return events;
    }
}
