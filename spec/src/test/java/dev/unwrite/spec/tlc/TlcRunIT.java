package dev.unwrite.spec.tlc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real runs of TLC on specifications of a few states. */
class TlcRunIT {
    @ParameterizedTest
    @CsvSource({
        "fine, TypeOK, HOLDS",
        "fine, Start, INVARIANT",
        "fine, Nowhere, CONFIG",
        "assume, TypeOK, ASSUMPTION",
        "assert, TypeOK, ASSERT",
        "evaluate, TypeOK, EVALUATION",
        "none, TypeOK, BROKEN"
    })
    void tellsHowARunEnds(String wrong, String invariant, TlcVerdict verdict) throws Exception {
        String config = "SPECIFICATION Spec\nCONSTANT Case = \"" + wrong + "\"\nINVARIANT " + invariant + "\n";
        TlcResult result = TlcRun.run(job("Wrong", config));
        assertThat(result.verdict()).as(result.why()).isEqualTo(verdict);
    }

    @Test
    void whatCannotBeParsedIsNoVerdict() throws Exception {
        assertThat(TlcRun.run(job("Garbage", "SPECIFICATION Spec\n")).verdict()).isEqualTo(TlcVerdict.PARSE);
        assertThat(TlcRun.run(job("Endless", "SPECIFICATION Spec\nBLAH x\n")).verdict())
                .isEqualTo(TlcVerdict.BROKEN);
        assertThatThrownBy(() -> TlcRun.run(job("Nowhere", "")))
                .isInstanceOf(IOException.class)
                .hasMessage("there is no module Nowhere");
    }

    @Test
    void anInvariantViolatedAtTheStartHasATraceOfOneState() throws Exception {
        TlcResult result = TlcRun.run(job("Wrong", "SPECIFICATION Spec\nCONSTANT Case = \"fine\"\nINVARIANT Start\n"));
        assertThat(result.violated()).isEqualTo("Start");
        assertThat(result.trace()).hasSize(1);
        assertThat(result.trace().getFirst().variables().get("n")).hasToString("0");
        assertThat(result.steps()).isZero();
    }

    @Test
    void aDeadlockCountsOnlyWhereItIsAskedFor() throws Exception {
        String config = "SPECIFICATION Spec\nCONSTANT Case = \"fine\"\n";
        assertThat(TlcRun.run(job("Wrong", config)).verdict()).isEqualTo(TlcVerdict.HOLDS);
        TlcResult deadlock = TlcRun.run(job("Wrong", config).withDeadlockCheck(true));
        assertThat(deadlock.verdict()).isEqualTo(TlcVerdict.DEADLOCK);
        assertThat(deadlock.steps()).isEqualTo(3);
    }

    @Test
    void aKilledRunIsBrokenAndLeavesNothingBehind() throws Exception {
        AtomicReference<@Nullable Process> child = new AtomicReference<>();
        TlcResult result = TlcRun.run(endless(), progress -> kill(child.get()), child::set);
        assertThat(result.verdict()).isEqualTo(TlcVerdict.BROKEN);
        assertThat(result.why()).contains("137");
        assertThat(folders()).isEmpty();
    }

    private static void kill(@Nullable Process process) {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void aRunThatTakesTooLongIsBroken() throws Exception {
        TlcResult result = TlcRun.run(endless().withLimit(Duration.ofSeconds(2)));
        assertThat(result.verdict()).isEqualTo(TlcVerdict.BROKEN);
        assertThat(result.why()).contains("longer than 2 s");
    }

    @Test
    void aRunOutOfMemoryIsBroken() throws Exception {
        TlcResult result = TlcRun.run(
                job("Hungry", "SPECIFICATION Spec\nINVARIANT TypeOK\n").withHeap("12m"));
        assertThat(result.verdict()).as(result.why()).isEqualTo(TlcVerdict.BROKEN);
        // Not by the limit of time, which would say nothing of memory.
        assertThat(result.why()).containsIgnoringCase("memory");
    }

    @Test
    void anInterruptEndsTheRun() throws Exception {
        AtomicReference<@Nullable Process> child = new AtomicReference<>();
        CountDownLatch busy = new CountDownLatch(1);
        AtomicReference<@Nullable Throwable> end = new AtomicReference<>();
        Thread runner = Thread.ofVirtual().start(() -> {
            try {
                TlcRun.run(endless(), progress -> busy.countDown(), child::set);
            } catch (IOException | InterruptedException e) {
                end.set(e);
            }
        });
        assertThat(busy.await(60, TimeUnit.SECONDS)).isTrue();
        runner.interrupt();
        runner.join();
        assertThat(end.get()).isInstanceOf(InterruptedException.class);
        assertThat(child.get()).isNotNull().matches(process -> !process.isAlive());
    }

    /** TLC must not outlive whoever started it, even if that was killed without a chance to clean up. */
    @Test
    void anOrphanEndsByItself(@TempDir Path folder) throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-D" + TlcChild.FOLDER + "="
                                + Files.createDirectories(folder.resolve("run/sub"))
                                        .getParent(),
                        "-cp",
                        Classpath.text(),
                        TlcChild.class.getName(),
                        "tlc2.TLC",
                        "-metadir",
                        folder.resolve("run").toString(),
                        Path.of("src/test/resources/tla/Endless.tla")
                                .toAbsolutePath()
                                .toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
        try {
            child.getOutputStream().close(); // What the system does when the starter dies.
            assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isEqualTo(254);
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void anotherTlcTakesThePlaceOfTheOneThatIsThere() throws Exception {
        System.setProperty(Classpath.JAR_PROPERTY, "/nowhere/tla2tools.jar");
        try {
            assertThatThrownBy(() -> TlcRun.run(endless()))
                    .isInstanceOf(LackingException.class)
                    .hasMessageContaining("/nowhere/tla2tools.jar");
            String jar = Path.of(tlc2.TLC
                            .class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
            System.setProperty(Classpath.JAR_PROPERTY, jar);
            assertThat(TlcRun.run(job("Wrong", "SPECIFICATION Spec\nCONSTANT Case = \"fine\"\n"))
                            .verdict())
                    .isEqualTo(TlcVerdict.HOLDS);
        } finally {
            System.clearProperty(Classpath.JAR_PROPERTY);
        }
    }

    @Test
    void aSimulationRepeatsItself() throws Exception {
        TlcJob job = job("Wrong", "SPECIFICATION Spec\nCONSTANT Case = \"fine\"\nINVARIANT TypeOK\n")
                .withSimulation(new TlcJob.Simulation(20, 10, 7));
        TlcResult first = TlcRun.run(job);
        assertThat(first.verdict()).as(first.why()).isEqualTo(TlcVerdict.HOLDS);
        assertThat(TlcRun.run(job).generated()).isEqualTo(first.generated()).isPositive();
    }

    private static TlcJob endless() {
        return job("Endless", "SPECIFICATION Spec\nINVARIANT TypeOK\n");
    }

    private static TlcJob job(String module, String config) {
        return TlcJob.of(module, SpecFiles.bundled(), config)
                .withHeap("256m")
                .withLimit(Duration.ofMinutes(2))
                .withOptions(List.of("-nowarning"));
    }

    private static List<Path> folders() throws IOException {
        long me = ProcessHandle.current().pid();
        try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return all.filter(path -> path.getFileName().toString().startsWith("unwrite-tlc-" + me + "-"))
                    .toList();
        }
    }
}
