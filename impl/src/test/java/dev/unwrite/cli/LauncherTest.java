package dev.unwrite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code unwrite} in a checkout of its own, with a Maven and a JDK that only pretend. */
@Timeout(60)
class LauncherTest {
    /** Counts itself, writes the stamp before it is done, as the real one does, and is done when it is told to. */
    private static final String MAVEN = """
            #!/bin/sh
            echo built >>"$TOP/builds"
            mkdir -p chaos/target
            echo lib.jar >chaos/target/unwrite.classpath
            while [ ! -e "$TOP/go" ]; do sleep 0.02; done
            [ ! -e "$TOP/broken" ] || { echo "no such symbol"; exit 1; }
            touch chaos/target/whole
            """;

    private static final String JAVA = """
            #!/bin/sh
            case "$*" in
              *TrainingRun*)
                echo learned >>"$TOP/lessons"
                while [ -e "$TOP/slow" ]; do sleep 0.02; done
                [ ! -e "$TOP/unteachable" ] || { echo "no disk"; exit 1; }
                for role in storage node; do echo "$role" >"$TOP/checkout/chaos/target/unwrite-$role.aot"; done
                exit ;;
            esac
            echo "$*" >"$TOP/words"
            [ -e "$TOP/checkout/chaos/target/whole" ] && echo whole || echo torn
            """;

    @TempDir
    private Path top;

    private Path checkout = Path.of("");
    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void checkOut() throws IOException {
        checkout = top.resolve("checkout");
        for (String module : List.of("spec", "impl", "conformance", "chaos")) {
            Path sources = Files.createDirectories(checkout.resolve(module).resolve("src/main"));
            Files.writeString(sources.resolve("Some.java"), "class Some {}\n");
            Files.writeString(checkout.resolve(module).resolve("pom.xml"), "<project/>\n");
        }
        Files.writeString(checkout.resolve("pom.xml"), "<project/>\n");
        Files.copy(
                Path.of("..", "unwrite").toAbsolutePath().normalize(),
                checkout.resolve("unwrite"),
                StandardCopyOption.COPY_ATTRIBUTES);
        script(top.resolve("bin/mvn"), MAVEN);
        script(top.resolve("jdk/bin/java"), JAVA);
        Files.writeString(top.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    }

    @AfterEach
    void end() throws IOException {
        // One that waits for the word must not outlive the test.
        Files.writeString(top.resolve("go"), "", StandardOpenOption.CREATE);
        started.forEach(Process::destroy);
    }

    private static void script(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Process start(String name) throws IOException {
        return start(name, "status");
    }

    private Process start(String name, String command, String... more) throws IOException {
        List<String> words = new ArrayList<>(List.of(checkout.resolve("unwrite").toString(), command));
        words.addAll(List.of(more));
        ProcessBuilder builder = new ProcessBuilder(words);
        Map<String, String> environment = builder.environment();
        environment.put("TOP", top.toString());
        environment.put("PATH", top.resolve("bin") + ":" + environment.get("PATH"));
        environment.put("UNWRITE_JAVA_HOME", top.resolve("jdk").toString());
        Process process = builder.redirectOutput(top.resolve(name + ".out").toFile())
                .redirectError(top.resolve(name + ".err").toFile())
                .start();
        started.add(process);
        return process;
    }

    private String said(String file) {
        try {
            return Files.exists(top.resolve(file)) ? Files.readString(top.resolve(file)) : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    private static boolean isEditedAfter(Path file, FileTime moment) {
        try {
            Files.writeString(file, "class Some { }\n");
            return Files.getLastModifiedTime(file).compareTo(moment) > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void go() throws IOException {
        Files.writeString(top.resolve("go"), "");
    }

    private void assertRan(String name, Process process) throws InterruptedException {
        assertThat(process.waitFor()).as(said(name + ".err")).isZero();
        assertThat(said(name + ".out")).isEqualTo("whole\n");
    }

    @Test
    void threeAtOnceBuildOnce() throws Exception {
        List<String> names = List.of("one", "two", "three");
        List<Process> three = new ArrayList<>();
        for (String name : names) {
            three.add(start(name));
        }
        await(() -> names.stream()
                        .filter(name -> said(name + ".err").contains("another start is building; waits"))
                        .count()
                == 2);
        go();
        for (int i = 0; i < 3; i++) {
            assertRan(names.get(i), three.get(i));
        }
        assertThat(said("builds")).isEqualTo("built\n");
    }

    @Test
    void theStampOfABuildThatIsNotDoneIsNotBelieved() throws Exception {
        Process builder = start("builder");
        Path stamp = checkout.resolve("chaos/target/unwrite.classpath");
        await(() -> Files.exists(stamp));
        Process late = start("late");
        await(() -> said("late.err").contains("waits"));
        go();
        assertRan("builder", builder);
        assertRan("late", late);
        assertThat(said("builds")).isEqualTo("built\n");
    }

    @Test
    void theLockEndsWithWhoHasIt() throws Exception {
        Process builder = start("builder");
        await(() -> !said("builds").isEmpty());
        List<ProcessHandle> all = Stream.concat(builder.descendants(), Stream.of(builder.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        go();
        Process next = start("next");
        assertThat(next.waitFor()).isZero();
        assertThat(said("next.out")).isNotEmpty();
    }

    @Test
    void whatAKilledBuildLeftIsNotUsed() throws Exception {
        Process builder = start("builder");
        await(() -> Files.exists(checkout.resolve("chaos/target/unwrite.classpath")));
        List<ProcessHandle> all = Stream.concat(builder.descendants(), Stream.of(builder.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        Path torn =
                Files.createDirectories(checkout.resolve("impl/target/classes")).resolve("Torn.class");
        Files.writeString(torn, "to");
        Path jar = Files.writeString(checkout.resolve("impl/target/unwrite-impl.jar"), "to");
        go();
        assertRan("second", start("second"));
        assertThat(said("builds")).hasLineCount(2);
        assertThat(torn).doesNotExist();
        assertThat(jar).doesNotExist();
    }

    @Test
    void whatIsBuiltNeedsNoWriting() throws Exception {
        go();
        assertRan("first", start("first"));
        FileTime before = Files.getLastModifiedTime(checkout.resolve("chaos/target/unwrite.classpath"));
        Path target = checkout.resolve("chaos/target");
        assertThat(target.toFile().setWritable(false, false)).isTrue();
        assertThat(checkout.resolve("chaos/target/unwrite.lock").toFile().setWritable(false, false))
                .isTrue();
        assertRan("second", start("second"));
        assertThat(said("second.err")).isEmpty();
        assertThat(Files.getLastModifiedTime(checkout.resolve("chaos/target/unwrite.classpath")))
                .isEqualTo(before);
        // One without the lock's file, as Maven alone leaves it.
        assertThat(target.toFile().setWritable(true, true)).isTrue();
        Files.delete(target.resolve("unwrite.lock"));
        assertThat(target.toFile().setWritable(false, false)).isTrue();
        assertRan("third", start("third"));
        assertThat(target.resolve("unwrite.lock")).doesNotExist();
        assertThat(target.toFile().setWritable(true, true)).isTrue();
    }

    private void packed() throws IOException {
        for (String module : List.of("spec", "impl", "conformance", "chaos")) {
            Path target = Files.createDirectories(checkout.resolve(module).resolve("target"));
            Files.writeString(target.resolve("unwrite-" + module + ".jar"), "jar of " + module);
        }
    }

    /** What learns runs behind the start that set it off, and takes its lock with it when it ends. */
    private void awaitLearned(int times) throws InterruptedException {
        await(() -> said("lessons").lines().count() == times
                && !said("checkout/chaos/target/unwrite-node.aot").isEmpty());
    }

    @Test
    void storageAndNodeStartWithWhatWasLearnedOnceAfterABuild() throws Exception {
        packed();
        go();
        assertRan("status", start("status"));
        assertRan("help", start("help", "node", "--help"));
        assertThat(said("lessons")).as("nobody needs it").isEmpty();
        assertRan("node", start("node", "node"));
        assertThat(said("node.err")).doesNotContain("learn");
        awaitLearned(1);
        assertRan("node", start("node", "node"));
        assertThat(said("words")).contains("unwrite-node.aot", "/impl/target/unwrite-impl.jar:");
        assertRan("storage", start("storage", "storage"));
        assertThat(said("words")).contains("unwrite-storage.aot");
        assertThat(said("lessons")).isEqualTo("learned\n");

        Path jar = checkout.resolve("impl/target/unwrite-impl.jar");
        await(() -> isEditedAfter(jar, modified(checkout.resolve("chaos/target/unwrite-node.aot"))));
        assertRan("node", start("node", "node"));
        awaitLearned(2);
    }

    @Test
    void nobodyWaitsForWhatLearnsButWhoMeasures() throws Exception {
        packed();
        go();
        assertRan("status", start("status"));
        Files.writeString(top.resolve("slow"), "");
        assertRan("node", start("node", "node"));
        assertThat(said("words")).doesNotContain(".aot").contains("/impl/target/classes:");
        await(() -> !said("lessons").isEmpty());
        // It is at it, and another start does not begin once more.
        assertRan("second", start("second", "node"));
        Files.delete(top.resolve("slow"));
        awaitLearned(1);

        Files.delete(checkout.resolve("chaos/target/unwrite-node.aot"));
        Path lock = checkout.resolve("chaos/target/unwrite.training.lock");
        assertThat(new ProcessBuilder("flock", "-x", lock.toString(), "true")
                        .start()
                        .waitFor())
                .isZero();
        assertRan("bench", start("bench", "bench"));
        assertThat(said("bench.err")).contains("learns how storage and node start");
        assertThat(said("lessons")).hasLineCount(2);
    }

    @Test
    void whatWasBuiltMeanwhileIsNotWhatWasLearned() throws Exception {
        packed();
        go();
        assertRan("status", start("status"));
        Files.writeString(top.resolve("slow"), "");
        Process bench = start("bench", "bench");
        await(() -> !said("lessons").isEmpty());
        FileTime before = modified(checkout.resolve("chaos/target/unwrite.classpath"));
        await(() -> isEditedAfter(checkout.resolve("impl/target/unwrite-impl.jar"), before)
                && isEditedAfter(checkout.resolve("impl/target/unwrite-impl.jar"), modified(top.resolve("lessons"))));
        Files.delete(top.resolve("slow"));
        assertRan("bench", bench);
        assertThat(checkout.resolve("chaos/target/unwrite-node.aot")).doesNotExist();
    }

    @Test
    void whatCannotLearnStartsAsBeforeAndDoesNotTryAgain() throws Exception {
        packed();
        go();
        Files.writeString(top.resolve("unteachable"), "");
        assertRan("node", start("node", "node"));
        await(() -> Files.exists(checkout.resolve("chaos/target/unwrite-node.aot")));
        assertThat(said("checkout/chaos/target/unwrite.training.log")).contains("no disk", "will start slower");
        assertRan("again", start("again", "node"));
        assertThat(said("again.err")).isEmpty();
        assertThat(said("words")).doesNotContain(".aot").contains("/impl/target/classes:");
        assertRan("bench", start("bench", "bench"));
        assertThat(said("lessons")).hasLineCount(1);
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatIsEditedDuringTheBuildIsBuiltNext() throws Exception {
        Process first = start("first");
        await(() -> !said("builds").isEmpty());
        Path edited = checkout.resolve("impl/src/main/Some.java");
        // The system's clock of files ticks every few milliseconds: the edit must be seen to be later than the build's
        // begin.
        FileTime begun = Files.getLastModifiedTime(top.resolve("builds"));
        await(() -> isEditedAfter(edited, begun));
        go();
        assertRan("first", first);
        assertRan("second", start("second"));
        assertThat(said("builds")).isEqualTo("built\nbuilt\n");
        assertRan("third", start("third"));
        assertThat(said("builds")).isEqualTo("built\nbuilt\n");
        Files.setLastModifiedTime(edited, FileTime.from(Instant.now().plus(Duration.ofHours(1))));
        assertRan("fourth", start("fourth"));
        assertThat(said("builds")).isEqualTo("built\nbuilt\nbuilt\n");
    }

    @Test
    void aBuildThatFailsSaysWhy() throws Exception {
        Files.writeString(top.resolve("broken"), "");
        go();
        Process process = start("broken");
        assertThat(process.waitFor()).isEqualTo(3);
        assertThat(said("broken.err")).contains("no such symbol").endsWith("unwrite: the build failed, see above\n");
    }
}
