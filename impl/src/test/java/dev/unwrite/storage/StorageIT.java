package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.NbdClient;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.OwnershipRecord.Mode;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code unwrite storage} as a process, beside tools that others wrote. */
class StorageIT {
    private static final int BLOCK = 4096;

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();
    private int runs;

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : processes.reversed()) {
            process.destroyForcibly().waitFor();
        }
    }

    /** What a process said and how it ended. */
    private record Result(int code, String output) {}

    private Path file(String name) {
        return folder.resolve(name);
    }

    private NbdUri listen() {
        return NbdUri.unix(file("storage.sock"), "");
    }

    private String export(String name) {
        return listen().withExport(name).toString();
    }

    private Process spawn(Path output, String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
        processes.add(process);
        return process;
    }

    private Result run(String... command) throws IOException, InterruptedException {
        Path output = file("run-" + ++runs + ".txt");
        Process process = spawn(output, command);
        assertThat(process.waitFor(60, TimeUnit.SECONDS))
                .as(String.join(" ", command))
                .isTrue();
        return new Result(process.exitValue(), Files.readString(output));
    }

    private static String[] storageCommand(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.unwrite.cli.Main",
                "storage"));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }

    /** Starts it and waits until it listens. */
    private Process storage(String... volumes) throws IOException {
        return storage(List.of(), volumes);
    }

    private Process storage(List<String> more, String... volumes) throws IOException {
        Path output = file("storage-" + ++runs + ".txt");
        List<String> arguments = new ArrayList<>(
                List.of("--listen", listen().toString(), "--data", file("data").toString()));
        arguments.addAll(more);
        for (String volume : volumes) {
            arguments.add("--volume");
            arguments.add(volume);
        }
        Process process = spawn(output, storageCommand(arguments.toArray(String[]::new)));
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> {
            assertThat(process.isAlive()).as(() -> read(output)).isTrue();
            return read(output).contains("listening on " + listen());
        });
        return process;
    }

    private static String read(Path output) {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void need(String tool, String packageName) {
        boolean there = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, tool)));
        Assumptions.assumeTrue(there, "SKIPPED: " + tool + " is missing; apt-get install " + packageName);
    }

    private StorageSession owner(String host, long term) throws IOException {
        StorageClient client = StorageClient.connect(listen(), "g", host);
        StorageSession session = client.openSession(term);
        OwnershipRecord next = new OwnershipRecord(0, term, host, Mode.SOLO, "", 0);
        assertThat(session.cas(session.record().version(), next).ok()).isTrue();
        return session;
    }

    private static void fill(NbdClient disk, int block, int content) throws IOException {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) content);
        disk.write((long) block * BLOCK, ByteBuffer.wrap(bytes), false);
    }

    private static byte[] content(NbdClient disk, int block) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(BLOCK);
        disk.read((long) block * BLOCK, target);
        return target.array();
    }

    @Test
    void toolsOfOthersListCopyAndReadButDoNotWrite() throws Exception {
        need("nbdinfo", "libnbd-bin");
        need("nbdcopy", "libnbd-bin");
        need("qemu-io", "qemu-utils");
        storage("g/disk=" + file("disk.img") + ",size=8M", "h/log=" + file("log.img") + ",size=1M");
        try (StorageSession a = owner("A", 1)) {
            NbdClient disk = a.volume("disk");
            fill(disk, 0, 0x5a);
            fill(disk, 2047, 0x5b);
            disk.flush();
        }
        Result list = run("nbdinfo", "--list", listen().toString());
        assertThat(list.code()).as(list.output()).isZero();
        assertThat(list.output()).contains("export=\"g/disk\"", "export=\"h/log\"", "is_read_only: true");

        Result copy = run("nbdcopy", export("g/disk"), file("copy.img").toString());
        assertThat(copy.code()).as(copy.output()).isZero();
        assertThat(Files.mismatch(file("copy.img"), file("disk.img"))).isEqualTo(-1);

        String pattern = "read -P 0x5a 0 4k";
        Result read = run("qemu-io", "-r", "-f", "raw", "-c", pattern, export("g/disk"));
        assertThat(read.code()).as(read.output()).isZero();
        assertThat(read.output()).contains("read 4096/4096").doesNotContain("failed");
        Result write = run("qemu-io", "-f", "raw", "-c", "write -P 1 0 4k", export("g/disk"));
        assertThat(write.code()).as(write.output()).isNotZero();
        Result into = run("nbdcopy", file("log.img").toString(), export("g/disk"));
        assertThat(into.code()).as(into.output()).isNotZero();
        assertThat(Files.mismatch(file("copy.img"), file("disk.img"))).isEqualTo(-1);
    }

    @Test
    void fioReadsAsAStranger() throws Exception {
        need("fio", "fio");
        storage("g/disk=" + file("disk.img") + ",size=8M");
        Result fio = run(
                "fio",
                "--name=x",
                "--ioengine=nbd",
                "--uri=" + export("g/disk"),
                "--rw=randread",
                "--bs=4k",
                "--size=8m",
                "--iodepth=16");
        Assumptions.assumeFalse(
                fio.output().contains("engine nbd not loadable"),
                "SKIPPED: fio has no nbd engine; install one that has");
        assertThat(fio.code()).as(fio.output()).isZero();
        assertThat(fio.output()).contains("err= 0");
    }

    @Test
    void aKilledStorageRemembersItsTerms() throws Exception {
        String volume = "g/disk=" + file("disk.img") + ",size=1M";
        Process first = storage(volume);
        StorageSession a = owner("A", 1);
        StorageSession b = owner("B", 2);
        NbdClient disk = b.volume("disk");
        fill(disk, 0, 2);
        disk.flush();
        first.destroyForcibly().waitFor();
        storage(volume);
        assertThatThrownBy(() -> fill(disk, 0, 3)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> a.volume("disk")).isInstanceOf(SessionEndedException.class);
        StorageClient clientA = StorageClient.connect(listen(), "g", "A");
        assertThat(clientA.readRecord()).isEqualTo(new OwnershipRecord(2, 2, "B", Mode.SOLO, "", 0));
        try (StorageSession late = clientA.openSession(1);
                StorageSession again = StorageClient.connect(listen(), "g", "B").openSession(2)) {
            assertThatThrownBy(() -> fill(late.volume("disk"), 0, 1)).isInstanceOf(IOException.class);
            assertThat(again.boot()).isEqualTo(b.boot() + 1);
            assertThat(again.number()).isGreaterThan(b.number());
            NbdClient back = again.volume("disk");
            assertThat(content(back, 0)).containsOnly(2);
            fill(back, 0, 4);
            assertThat(content(back, 0)).containsOnly(4);
        }
    }

    @Test
    void sigtermFlushesAndExitsWithZero() throws Exception {
        Process process = storage("g/disk=" + file("disk.img") + ",size=1M");
        fill(owner("A", 1).volume("disk"), 0, 1);
        process.destroy();
        assertThat(process.waitFor()).isZero();
        assertThat(Files.readAllBytes(file("disk.img"))[0]).isEqualTo((byte) 1);
    }

    @Test
    void whatCannotBeDoneIsSaidInOneLine() throws Exception {
        String data = file("data").toString();
        storage("g/disk=" + file("disk.img") + ",size=1M");
        String any = "nbd://127.0.0.1:0";
        String d2 = file("d2").toString();
        String x = "g/disk=" + file("x.img") + ",size=1M";
        refused("is in use by another unwrite storage", any, data, x);
        refused("does not exist", any, d2, "g/disk=" + file("no.img"));
        refused("GROUP/NAME=BACKEND", any, d2, "nonsense");
        refused("it must start with nbd://", "http://127.0.0.1", d2, x);
        refused("write nbd://127.0.0.1:10999", "127.0.0.1:10999", d2, x);
        refused("cannot listen on", listen().toString(), d2, x);
        refused("check that its server runs", any, d2, "g/d=nbd+unix:///?socket=" + file("nobody.sock"));
        refused("already a volume of an unwrite storage", any, d2, "g/disk=" + file("disk.img"));
        refused("a volume has 4K or more", any, d2, "g/d=" + file("x.img") + ",size=0");
        refused("size=1003520", any, d2, "g/d=" + file("x.img") + ",size=1000000");
        refused("have the same backend", any, d2, x, "h/d=" + file("x.img"));
        assertThat(file("d2")).doesNotExist();
        assertThat(file("x.img")).doesNotExist();
    }

    private void refused(String why, String listen, String data, String... volumes) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--listen", listen, "--data", data));
        for (String volume : volumes) {
            arguments.addAll(List.of("--volume", volume));
        }
        Result result = run(storageCommand(arguments.toArray(String[]::new)));
        assertThat(result.code()).as(result.output()).isEqualTo(2);
        assertThat(result.output().strip())
                .startsWith("unwrite storage: ")
                .contains(why)
                .doesNotContain("\n");
    }

    /** A person's way: refused first, then accepted with the option that the line named; both are said in --help. */
    @Test
    void aVolumeThatWasMovedOrIsGoneIsAcceptedWhereThatIsSaid() throws Exception {
        String one = "g/one=" + file("one.img") + ",size=1M";
        String two = "g/two=" + file("two.img") + ",size=1M";
        end(storage(one, two));
        Files.copy(file("two.img"), file("copy.img"));
        String copy = "g/two=" + file("copy.img");
        String any = "nbd://127.0.0.1:0";
        String data = file("data").toString();
        refused("--moved g/two", any, data, copy, one);
        refused("--forget g/two", any, data, one);
        end(storage(List.of("--moved", "g/two"), copy, one));
        end(storage(copy, one));
        end(storage(List.of("--forget", "g/two"), one));
        storage(one);
        try (StorageClient client = StorageClient.connect(listen(), "g", "A")) {
            assertThat(client.volumes()).containsExactly(new StorageClient.VolumeInfo(0, "one", 1 << 20));
        }
        Result help = run(storageCommand("--help"));
        assertThat(help.output()).contains("--moved", "--forget");
    }

    private static void end(Process process) throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void aVolumeBehindQemuNbd() throws Exception {
        need("qemu-nbd", "qemu-utils");
        Files.write(file("backing.img"), new byte[1 << 20]);
        String socket = file("backend.sock").toString();
        String[] command = {
            "qemu-nbd",
            "-t",
            "-f",
            "raw",
            "-x",
            "disk",
            "-k",
            socket,
            file("backing.img").toString()
        };
        NbdUri backend = NbdUri.unix(Path.of(socket), "disk");
        remoteBackend(backend, command);
        assertThat(Files.readAllBytes(file("backing.img"))[BLOCK]).isEqualTo((byte) 2);
    }

    @Test
    void aVolumeBehindNbdkit() throws Exception {
        need("nbdkit", "nbdkit");
        Files.write(file("backing.img"), new byte[1 << 20]);
        String socket = file("backend.sock").toString();
        String[] command = {
            "nbdkit", "-f", "-U", socket, "file", file("backing.img").toString()
        };
        remoteBackend(NbdUri.unix(Path.of(socket), ""), command);
        assertThat(Files.readAllBytes(file("backing.img"))[BLOCK]).isEqualTo((byte) 2);
    }

    /** Writes through another server, kills it, starts it again, and goes on under a higher boot number. */
    private void remoteBackend(NbdUri uri, String[] command) throws Exception {
        Process backend = spawn(file("backend.txt"), command);
        awaitServer(uri);
        storage("g/disk=" + uri);
        StorageSession a = owner("A", 1);
        NbdClient disk = a.volume("disk");
        assertThat(disk.size()).isEqualTo(1 << 20);
        fill(disk, 0, 1);
        disk.writeZeroes(BLOCK, BLOCK, false, true);
        assertThat(content(disk, 0)).containsOnly(1);
        backend.destroyForcibly().waitFor();
        assertThatThrownBy(() -> fill(disk, 1, 1)).isInstanceOf(IOException.class);
        Files.deleteIfExists(Path.of(String.valueOf(uri.socket())));
        spawn(file("backend.txt"), command);
        StorageClient client = StorageClient.connect(listen(), "g", "A");
        StorageSession again = Awaitility.await()
                .atMost(20, TimeUnit.SECONDS)
                .ignoreExceptionsInstanceOf(StorageUnavailableException.class)
                .until(() -> client.openSession(1), opened -> true);
        assertThat(again.boot()).isGreaterThan(a.boot());
        NbdClient back = again.volume("disk");
        fill(back, 1, 2);
        back.flush();
        assertThat(content(back, 1)).containsOnly(2);
        again.close();
    }

    private static void awaitServer(NbdUri uri) {
        Awaitility.await()
                .atMost(20, TimeUnit.SECONDS)
                .until(() -> Files.exists(Path.of(String.valueOf(uri.socket()))));
    }

    /** A file of the storage, and files behind two other servers: what was never written, or trimmed, is told as zeroes. */
    @Test
    void whatIsAHoleIsToldThroughEachServer() throws Exception {
        need("nbdinfo", "libnbd-bin");
        need("qemu-nbd", "qemu-utils");
        need("nbdkit", "nbdkit");
        for (String name : List.of("qemu", "kit")) {
            try (RandomAccessFile sparse =
                    new RandomAccessFile(file(name + ".img").toFile(), "rw")) {
                sparse.setLength(8 << 20);
            }
        }
        NbdUri qemu = NbdUri.unix(file("qemu.sock"), "");
        NbdUri kit = NbdUri.unix(file("kit.sock"), "");
        spawn(
                file("qemu.txt"),
                "qemu-nbd",
                "-t",
                "-f",
                "raw",
                "--discard=unmap",
                "-k",
                file("qemu.sock").toString(),
                file("qemu.img").toString());
        spawn(
                file("kit.txt"),
                "nbdkit",
                "-f",
                "-U",
                file("kit.sock").toString(),
                "file",
                file("kit.img").toString());
        awaitServer(qemu);
        awaitServer(kit);
        storage("g/disk=" + file("disk.img") + ",size=8M", "g/qemu=" + qemu, "g/kit=" + kit);
        try (StorageSession a = owner("A", 1)) {
            for (String name : List.of("disk", "qemu", "kit")) {
                NbdClient disk = a.volume(name);
                disk.trim(0, 8 << 20, false);
                fill(disk, 256, 1);
                fill(disk, 512, 2);
                disk.writeZeroes(512 * BLOCK, BLOCK, false, false);
                disk.flush();
                assertThat(disk.tellsAllocation()).as(name).isTrue();
                List<Allocation> told = disk.allocation(0, 8 << 20);
                assertThat(told)
                        .as(name)
                        .containsExactly(
                                Allocation.emptiness(1 << 20),
                                Allocation.data(BLOCK),
                                Allocation.emptiness((7 << 20) - BLOCK));
                Result map = run("nbdinfo", "--map", export("g/" + name));
                assertThat(map.code()).as(map.output()).isZero();
                assertThat(map.output().lines().map(line -> line.strip().replaceAll(" +", " ")))
                        .containsExactly("0 1048576 3 hole,zero", "1048576 4096 0 data", "1052672 7335936 3 hole,zero");
                assertThat(Sparse.allocatedBytes(file(name + ".img"))).as(name).isLessThan(64 << 10);
            }
        }
    }

    @Test
    void thePortThatTheSystemChoseIsPrinted() throws Exception {
        Path output = file("tcp.txt");
        spawn(
                output,
                storageCommand(
                        "--listen",
                        "nbd://127.0.0.1:0",
                        "--data",
                        file("data").toString(),
                        "--volume",
                        "g/disk=" + file("disk.img") + ",size=1M"));
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> read(output).contains("listening on nbd://127.0.0.1:"));
        String line = read(output).lines().findFirst().orElse("");
        NbdUri uri = NbdUri.parse(line.substring("listening on ".length()));
        assertThat(uri.port()).isPositive();
        try (NbdClient stranger = NbdClient.connect(uri.withExport("g/disk"))) {
            assertThat(stranger.size()).isEqualTo(1 << 20);
        }
        assertThat(new String(Files.readAllBytes(output), StandardCharsets.UTF_8))
                .doesNotContain("Exception");
    }
}
