package dev.unwrite.chaos.stage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What all places have in common: a name, an address, and their files in the folder of the run. */
abstract class Site implements Place {
    private final StageFolder folder;
    private final String name;
    private final String address;
    private final @Nullable LoopDisk disk;
    private List<String> program = List.of();

    Site(StageFolder folder, String name, String address) {
        this.folder = folder;
        this.name = name;
        this.address = address;
        this.disk = folder.disk(name);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String address() {
        return address;
    }

    @Override
    public final synchronized void program(List<String> words) {
        program = List.copyOf(words);
    }

    /** The arguments of a JVM: those of a class as they are, those of a command after what {@code runsCommands}. */
    final synchronized List<String> command(String java, String classpath, List<String> runsCommands) {
        boolean isClass = program.getFirst().contains(".");
        List<String> first = isClass ? List.of() : runsCommands;
        List<String> options = program.getFirst().equals("storage")
                ? List.of("-javaagent:" + errors().resolveSibling("agent.jar") + "=" + errors())
                : List.of();
        return Launch.words(folder.script(), log(), clock(), Launch.java(java, classpath, options, first, program));
    }

    final StageFolder folder() {
        return folder;
    }

    @Override
    public final Path data() {
        return folder.data(name);
    }

    @Override
    public final Optional<LoopDisk> disk() {
        return Optional.ofNullable(disk);
    }

    @Override
    public final Path log() {
        return folder.dir().resolve("log").resolve(name + ".log");
    }

    @Override
    public final Path errors() {
        return folder.dir().resolve("errors").resolve(name);
    }

    @Override
    public final long failures() {
        return FailingFiles.failures(errors()).toFile().length();
    }

    @Override
    public final Path clock() {
        return folder.dir().resolve("clock").resolve(name);
    }
}
