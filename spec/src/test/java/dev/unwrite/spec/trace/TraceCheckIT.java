package dev.unwrite.spec.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.spec.tlc.SpecFiles;
import dev.unwrite.spec.trace.TraceVerdict.Accepted;
import dev.unwrite.spec.trace.TraceVerdict.Broken;
import dev.unwrite.spec.trace.TraceVerdict.Rejected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCheckIT {
    private static final String ADD_3 = """
            {"event":"Add","amounts":[3,7],"after":{"count":3},"big":2147483647,"deep":[{"x":[true,"s"]}]}""";
    private static final String RESET = """
            {"event":"Reset","hard":true}""";

    @TempDir
    private Path folder;

    @Test
    void acceptsWhatTheSpecificationAllows() throws Exception {
        TraceVerdict verdict = check(ADD_3, RESET, ADD_3);
        assertThat(verdict).isInstanceOf(Accepted.class);
        assertThat(((Accepted) verdict).events()).isEqualTo(3);
        assertThat(((Accepted) verdict).states()).isEqualTo(4);
    }

    @Test
    void rejectsAndNamesTheFirstEventThatFitsNoStep() throws Exception {
        TraceVerdict verdict = check(ADD_3, ADD_3, RESET);
        assertThat(verdict).isInstanceOf(Rejected.class);
        assertThat(((Rejected) verdict).furthestIndex()).isEqualTo(2);
        assertThat(((Rejected) verdict).event()).isEqualTo(ADD_3);
    }

    @Test
    void rejectsAtTheLastEvent() throws Exception {
        TraceVerdict verdict = check(ADD_3, RESET.replace("true", "false"));
        assertThat(verdict).isInstanceOf(Rejected.class);
        assertThat(((Rejected) verdict).furthestIndex()).isEqualTo(2);
    }

    @Test
    void anEmptyTraceIsAnError() throws Exception {
        assertThat(check())
                .isEqualTo(new Broken(folder.resolve("t.ndjson") + " is empty: a trace of nothing shows nothing"));
    }

    @Test
    void whatHasNoValueInTlaIsAnErrorThatNamesTheLine() throws Exception {
        assertThat(why(check(RESET, "{\"event\":null}"))).contains("line 2").contains("null");
        assertThat(why(check("{\"event\":4294967296}"))).contains("line 1").contains("4294967296");
        assertThat(why(check("{\"event\":1.5}"))).contains("line 1").contains("1.5");
        assertThat(why(check("no json"))).contains("line 1");
    }

    @Test
    void aCheckThatCannotTellHowFarItCameIsBroken() throws Exception {
        Path trace = write(RESET);
        assertThat(why(check("NoReach", trace, Map.of()))).contains("Reached");
    }

    @Test
    void anErrorInTheSpecificationIsNeitherAcceptedNorRejected() throws Exception {
        assertThat(why(check("{\"event\":\"Reset\",\"hard\":3}"))).contains("EVALUATION");
        assertThat(why(check("ToyTrace", write(RESET), Map.of()))).contains("CONFIG");
    }

    private static String why(TraceVerdict verdict) {
        assertThat(verdict).isInstanceOf(Broken.class);
        return ((Broken) verdict).why();
    }

    private TraceVerdict check(String... events) throws IOException, InterruptedException {
        return check("ToyTrace", write(events), Map.of("Max", "5"));
    }

    private static TraceVerdict check(String module, Path trace, Map<String, String> constants)
            throws IOException, InterruptedException {
        return new TraceCheck(SpecFiles.bundled(), Duration.ofMinutes(2), "256m").run(module, trace, constants);
    }

    private Path write(String... events) throws IOException {
        return Files.writeString(folder.resolve("t.ndjson"), String.join("\n", events));
    }
}
