package dev.unwrite.spec.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.unwrite.spec.tlc.SpecFiles;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The models by name, in the order of the file, and where their modules are. */
public final class Models {
    /** The file of models, in the folder of the specification. */
    public static final String FILE = "models.json";

    /** The file allows comments and a comma too many: people edit it. */
    static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS, JsonReadFeature.ALLOW_TRAILING_COMMA)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Map<String, Model> byName;
    private final SpecFiles files;

    private Models(Map<String, Model> byName, SpecFiles files) {
        this.byName = byName;
        this.files = files;
    }

    /** The models of this project. */
    public static Models bundled() {
        try (InputStream in = Models.class.getResourceAsStream("/tla/" + FILE)) {
            if (in == null) {
                throw new ModelException("there is no tla/" + FILE + " beside the classes");
            }
            return read(in, SpecFiles.bundled());
        } catch (IOException e) {
            throw new ModelException(FILE + " cannot be read: " + e.getMessage());
        }
    }

    /**
     * Models from {@code in}, of modules in {@code files}.
     *
     * @throws ModelException if something in the file cannot be used
     */
    public static Models read(InputStream in, SpecFiles files) throws IOException {
        Map<String, Model> models = new LinkedHashMap<>();
        Map<String, JsonNode> nodes = new LinkedHashMap<>();
        JsonNode root;
        try {
            root = JSON.readTree(in);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new ModelException(FILE + ", line " + e.getLocation().getLineNr() + ": " + e.getOriginalMessage());
        }
        for (JsonNode node : root.path("models")) {
            ModelReader reader = new ModelReader(node, nodes);
            JsonNode whole = reader.inherited();
            if (nodes.putIfAbsent(reader.name(), whole) != null) {
                throw new ModelException(FILE + ": two models are named " + reader.name());
            }
            if (!whole.path("abstract").asBoolean(false)) {
                models.put(reader.name(), ModelReader.model(whole));
            }
        }
        return new Models(models, files);
    }

    /** All models. */
    public List<Model> all() {
        return List.copyOf(byName.values());
    }

    /** The model of this name. */
    public Optional<Model> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** The models that run when nothing else is said. */
    public List<Model> usual() {
        return all().stream().filter(model -> model.size() != Model.Size.LARGE).toList();
    }

    /** The models in which {@code rule} is the rule switched off, and that must fail for it. */
    public List<Model> without(String rule) {
        return all().stream()
                .filter(model -> !model.mustHold() && model.off().equals(Set.of(rule)))
                .toList();
    }

    /** Every rule that some model switches off. */
    public Set<String> rules() {
        Set<String> rules = new TreeSet<>();
        all().forEach(model -> rules.addAll(model.off()));
        return rules;
    }

    /** Where the modules are. */
    public SpecFiles files() {
        return files;
    }
}
