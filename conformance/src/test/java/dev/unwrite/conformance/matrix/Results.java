package dev.unwrite.conformance.matrix;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.unwrite.conformance.matrix.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The findings so far, one file for each mutant, so that an interrupted run goes on where it was. A finding counts only
 * for the sources from which it was made.
 */
final class Results {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;

    Results(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    Optional<Finding> get(Mutant mutant, Layer layer, String hash) throws IOException {
        JsonNode found = read(mutant).path(layer.name());
        if (!found.path("hash").asText().equals(hash)) {
            return Optional.empty();
        }
        return Optional.of(new Finding(
                Verdict.valueOf(found.path("verdict").asText()),
                found.path("by").asText(),
                found.path("millis").asLong()));
    }

    /** On return the finding is stored whole, whatever happens afterwards. */
    void put(Mutant mutant, Layer layer, String hash, Finding finding) throws IOException {
        ObjectNode all = read(mutant);
        all.putObject(layer.name())
                .put("hash", hash)
                .put("verdict", finding.verdict().name())
                .put("by", finding.by())
                .put("millis", finding.millis());
        Path fresh = folder.resolve(mutant.name() + ".json.new");
        Files.writeString(fresh, all.toPrettyString());
        Files.move(fresh, file(mutant), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private ObjectNode read(Mutant mutant) throws IOException {
        Path file = file(mutant);
        if (Files.exists(file) && JSON.readTree(file.toFile()) instanceof ObjectNode known) {
            return known;
        }
        return JSON.createObjectNode();
    }

    private Path file(Mutant mutant) {
        return folder.resolve(mutant.name() + ".json");
    }
}
