package dev.unwrite.spec.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The pinned numbers by model. Written by {@code unwrite check --pin}, one line a model, so that a change is easy to see. */
public final class Pins {
    /** The file, beside the file of models. */
    public static final String FILE = "pins.json";

    private final Map<String, Pin> byModel;

    private Pins(Map<String, Pin> byModel) {
        this.byModel = new TreeMap<>(byModel);
    }

    /** The pins of this project; none if there is no file yet. */
    public static Pins bundled() {
        try (InputStream in = Pins.class.getResourceAsStream("/tla/" + FILE)) {
            return in == null ? new Pins(Map.of()) : read(in);
        } catch (IOException e) {
            throw new ModelException(FILE + " cannot be read: " + e.getMessage());
        }
    }

    /** Pins from a file's content. */
    public static Pins read(InputStream in) throws IOException {
        Map<String, Pin> pins = new TreeMap<>();
        JsonNode root = Models.JSON.readTree(in);
        root.properties()
                .forEach(entry -> pins.put(
                        entry.getKey(),
                        new Pin(
                                entry.getValue().path("states").asLong(),
                                entry.getValue().path("depth").asInt(),
                                entry.getValue().path("seconds").asDouble())));
        return new Pins(pins);
    }

    /** The pin of a model. */
    public Optional<Pin> of(Model model) {
        return Optional.ofNullable(byModel.get(model.name()));
    }

    /** These pins with some replaced or added. */
    public Pins with(Map<String, Pin> changes) {
        Map<String, Pin> pins = new TreeMap<>(byModel);
        pins.putAll(changes);
        return new Pins(pins);
    }

    /** These pins without those of models that are no more. */
    public Pins keepOnly(Models models) {
        Map<String, Pin> pins = new TreeMap<>(byModel);
        pins.keySet().removeIf(name -> models.find(name).isEmpty());
        return new Pins(pins);
    }

    /** Writes the file whole. */
    public void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        byModel.forEach((model, pin) -> lines.add(String.format(
                Locale.ROOT,
                "  \"%s\": {\"states\": %d, \"depth\": %d, \"seconds\": %.1f}",
                model,
                pin.states(),
                pin.depth(),
                pin.seconds())));
        Files.writeString(file, "{\n" + String.join(",\n", lines) + "\n}\n");
    }
}
