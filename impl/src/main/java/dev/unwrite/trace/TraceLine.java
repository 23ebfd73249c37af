package dev.unwrite.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.unwrite.protocol.Blocks;
import dev.unwrite.protocol.Extent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds one line of JSON. The field names are documented in conformance/README.md. */
final class TraceLine {
    private static final JsonFactory JSON = new JsonFactory();

    private final Bytes bytes = new Bytes();
    private final JsonGenerator json;

    TraceLine() {
        try {
            json = JSON.createGenerator(bytes);
            json.writeStartObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes a part of the line. */
    interface Part {
        void write(JsonGenerator json) throws IOException;
    }

    TraceLine part(Part part) {
        try {
            part.write(json);
        } catch (IOException e) {
            // It is written to memory.
            throw new UncheckedIOException(e);
        }
        return this;
    }

    TraceLine put(String name, String value) {
        return part(j -> j.writeStringField(name, value));
    }

    TraceLine put(String name, long value) {
        return part(j -> j.writeNumberField(name, value));
    }

    TraceLine put(String name, Extent extent) {
        return part(j -> {
            j.writeFieldName(name);
            write(j, extent);
        });
    }

    TraceLine put(String name, List<Extent> extents) {
        return part(j -> {
            j.writeArrayFieldStart(name);
            for (Extent extent : extents) {
                write(j, extent);
            }
            j.writeEndArray();
        });
    }

    TraceLine put(String name, Blocks blocks) {
        return put(name, blocks.extents());
    }

    TraceLine values(int @Nullable [] values) {
        return values == null
                ? this
                : part(j -> {
                    j.writeFieldName("values");
                    j.writeArray(values, 0, values.length);
                });
    }

    /** Ends the line and adds it to the file. */
    void to(TraceFile file) throws IOException {
        json.writeEndObject();
        json.writeRaw('\n');
        json.close();
        file.append(bytes.array(), bytes.size());
    }

    private static void write(JsonGenerator json, Extent extent) throws IOException {
        json.writeArray(new long[] {extent.volume(), extent.first(), extent.count()}, 0, 3);
    }

    /** Lends its buffer. */
    private static final class Bytes extends ByteArrayOutputStream {
        Bytes() {
            super(512);
        }

        byte[] array() {
            return buf;
        }
    }
}
