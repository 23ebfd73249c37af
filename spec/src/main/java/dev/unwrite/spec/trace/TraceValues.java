package dev.unwrite.spec.trace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.UniqueString;

/** Turns lines of JSON into values of TLC. Refuses what TLA+ has no value for, naming the line. */
final class TraceValues {
    private static final JsonFactory JSON = new JsonFactory();

    private TraceValues() {}

    static Value read(Path file) throws IOException {
        List<Value> events = new ArrayList<>();
        int line = 0;
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                line++;
                if (!text.isBlank()) {
                    events.add(event(text, file, line));
                }
            }
        }
        return new TupleValue(events.toArray(Value[]::new));
    }

    static Value event(String text, Path file, int line) throws IOException {
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("an event is an object");
            }
            Value event = object(parser);
            if (parser.nextToken() != null) {
                throw new IOException("one event a line, no more");
            }
            return event;
        } catch (IOException e) {
            throw new IOException(file + ", line " + line + ": " + e.getMessage(), e);
        }
    }

    private static Value value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case VALUE_STRING -> new StringValue(parser.getText());
            case VALUE_TRUE -> BoolValue.ValTrue;
            case VALUE_FALSE -> BoolValue.ValFalse;
            case VALUE_NUMBER_INT -> IntValue.gen(parser.getIntValue()); // Beyond 31 bits it throws, as it should.
            case START_ARRAY -> array(parser);
            case START_OBJECT -> object(parser);
            default -> throw new IOException("TLA+ has no value for " + parser.getText());
        };
    }

    private static Value array(JsonParser parser) throws IOException {
        List<Value> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            elements.add(value(parser));
        }
        return new TupleValue(elements.toArray(Value[]::new));
    }

    private static Value object(JsonParser parser) throws IOException {
        List<UniqueString> names = new ArrayList<>();
        List<Value> values = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            names.add(UniqueString.uniqueStringOf(parser.currentName()));
            parser.nextToken();
            values.add(value(parser));
        }
        return new RecordValue(names.toArray(UniqueString[]::new), values.toArray(Value[]::new), false);
    }
}
