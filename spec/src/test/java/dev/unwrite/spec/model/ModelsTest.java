package dev.unwrite.spec.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.spec.tlc.SpecFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsTest {
    private static final String BASE = """
            {"name": "base", "abstract": true, "purpose": "p", "module": "M",
             "constants": {"Host": ["A", "B"], "Max": 2, "On": true, "Block": "{b1, b2}", "F": "<- MCF"},
             "invariants": ["I", "J"]}""";

    @Test
    void aModelBecomesAConfigurationFile() throws Exception {
        Model model = only("""
                {"name": "x", "like": "base", "off": ["AskFirst"], "fails": "I", "constants": {"Max": 3},
                 "view": "V", "constraints": "C"}""");
        assertThat(model.config()).isEqualTo("""
                        SPECIFICATION Spec
                        CONSTANT Host = {"A", "B"}
                        CONSTANT Max = 3
                        CONSTANT On = TRUE
                        CONSTANT Block = {b1, b2}
                        CONSTANT F <- MCF
                        CONSTANT Off = {"AskFirst"}
                        INVARIANT I
                        INVARIANT J
                        CONSTRAINT C
                        VIEW V
                        """);
        assertThat(model.size()).isEqualTo(Model.Size.MUSTFAIL);
    }

    @Test
    void aRuleCanBeSwitchedOffInAnyModel() throws Exception {
        Model model = only("""
                {"name": "x", "like": "base", "off": "B", "fails": "I"}""").without("A");
        assertThat(model.constants()).containsEntry("Off", "{\"A\", \"B\"}");
        assertThat(model.off()).isEqualTo(Set.of("A", "B"));
    }

    @Test
    void theUsualModelsAreAllButTheLargeOnes() throws Exception {
        Models models = models(BASE, """
                {"name": "s", "like": "base"}""", """
                {"name": "l", "like": "base", "size": "large", "workers": 2}""", """
                {"name": "m", "like": "s", "off": ["R"], "fails": "J"}""");
        assertThat(models.usual()).extracting(Model::name).containsExactly("s", "m");
        assertThat(models.without("R")).extracting(Model::name).containsExactly("m");
        assertThat(models.rules()).containsExactly("R");
        assertThat(models.find("base")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name': 'x', 'like': 'y'} | is like y, which is not above it",
                "{'name': 'x', 'like': 'base', 'typo': 1} | unknown field typo",
                "{'name': 'x y', 'like': 'base'} | a model's name is",
                "{'name': 'base', 'like': 'base'} | two models are named base",
                "{'name': 'x', 'like': 'base', 'module': ''} | has no \"module\"",
                "{'name': 'x', 'like': 'base', 'size': 'huge'} | size is small, large or mustfail",
                "{'name': 'x', 'like': 'base', 'size': 'mustfail'} | if and only if",
                "{'name': 'x', 'like': 'base', 'properties': ['P'], 'workers': 2} | more than one worker",
                "{'name': 'x', 'like': 'base', 'properties': ['P'], 'symmetry': 'S'} | a symmetry",
                "{'name': 'x', 'like': 'base', 'fails': 'I', 'workers': 2} | with one worker",
                "{'name': 'x', 'like': 'base', 'invariants': []} | asks nothing",
                "{'name': | line"
            })
    void saysWhatIsWrongWithAnEntry(String entry, String complaint) {
        assertThatThrownBy(() -> models(BASE, entry.replace('\'', '"').replace("model\"s", "model's")))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void theModelsOfThisProjectCanBeRead() {
        Models models = Models.bundled();
        assertThat(models.all())
                .isNotEmpty()
                .allSatisfy(model -> assertThat(models.files().module(model.module()))
                        .as("the module of model %s", model.name())
                        .isPresent());
        assertThat(models.usual())
                .allSatisfy(model -> assertThat(Pins.bundled().of(model).isPresent() || model.simulation() != null)
                        .as("the numbers of model %s are pinned", model.name())
                        .isTrue());
    }

    @Test
    void pinsAreWrittenOneALineAndReadAgain(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("pins.json");
        Model kept = only("""
                {"name": "x", "like": "base"}""");
        pins("{\"gone\": {\"states\": 1, \"depth\": 1}}")
                .with(Map.of("x", new Pin(12_345, 40, 7.25)))
                .keepOnly(models(BASE, "{\"name\": \"x\", \"like\": \"base\"}"))
                .write(file);
        assertThat(Files.readString(file)).isEqualTo("""
                {
                  "x": {"states": 12345, "depth": 40, "seconds": 7.3}
                }
                """);
        assertThat(pins(Files.readString(file)).of(kept)).contains(new Pin(12_345, 40, 7.3));
    }

    private static Pins pins(String json) throws IOException {
        return Pins.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)));
    }

    private static Model only(String entry) throws IOException {
        return models(BASE, entry).all().getFirst();
    }

    private static Models models(String... entries) throws IOException {
        String json = "/* comment */ {\"models\": [" + String.join(", ", entries) + ",]}";
        return Models.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), SpecFiles.bundled());
    }
}
