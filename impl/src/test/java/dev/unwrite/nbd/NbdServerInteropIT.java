package dev.unwrite.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other people's clients against our server. */
@Timeout(300)
final class NbdServerInteropIT {
    private static final int SIZE = 16 << 20;

    @TempDir
    Path dir;

    /** Says which changes came with which flags. */
    private static final class RecordingDevice extends DelegatingDevice {
        final List<String> calls = new CopyOnWriteArrayList<>();

        RecordingDevice() {
            super(new MemoryDevice(SIZE));
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) throws IOException {
            calls.add("write " + offset + "+" + source.remaining() + (fua ? " fua" : ""));
            super.write(offset, source, fua);
        }

        @Override
        public void trim(long offset, long length, boolean fua) throws IOException {
            calls.add("trim " + offset + "+" + length + (fua ? " fua" : ""));
            super.trim(offset, length, fua);
        }

        @Override
        public void writeZeroes(long offset, long length, boolean noHole, boolean fua) throws IOException {
            calls.add("zero " + offset + "+" + length + (noHole ? " nohole" : "") + (fua ? " fua" : ""));
            super.writeZeroes(offset, length, noHole, fua);
        }

        @Override
        public void flush() throws IOException {
            calls.add("flush");
            super.flush();
        }
    }

    private final RecordingDevice device = new RecordingDevice();

    private NbdServer serve(boolean unix) throws IOException {
        NbdUri uri = unix ? NbdUri.unix(dir.resolve("s"), "") : NbdUri.tcp("127.0.0.1", 0, "");
        return NbdServer.builder()
                .listen(uri)
                .exports(TestExports.of(
                                "G/disk",
                                () -> Export.of(device)
                                        .withDescription("a disk")
                                        .withMultiConn(true))
                        .and("fast", () -> Export.of(device).withFastZero(true))
                        .and("through", () -> Export.of(device).withWriteCache(false))
                        .and("blocks", () -> Export.of(device).withBlockSizes(4096, 4096, 64 << 10)))
                .start();
    }

    @Test
    void nbdinfo() throws Exception {
        Tool.require("nbdinfo", "libnbd-bin");
        try (NbdServer server = serve(false)) {
            String json = Tool.run(
                            dir, "nbdinfo", "--json", server.uri("G/disk").toString())
                    .succeeded()
                    .output();
            JsonNode export = new ObjectMapper().readTree(json).at("/exports/0");
            assertThat(export.get("export-name").asText()).isEqualTo("G/disk");
            assertThat(export.get("description").asText()).isEqualTo("a disk");
            assertThat(export.get("export-size").asLong()).isEqualTo(SIZE);
            assertThat(export.get("block_size_maximum").asLong()).isEqualTo(32 << 20);
            for (String ability : List.of("can_flush", "can_fua", "can_trim", "can_zero", "can_multi_conn", "can_df")) {
                assertThat(export.get(ability).asBoolean()).as(ability).isTrue();
            }
            assertThat(export.get("is_read_only").asBoolean()).isFalse();
            assertThat(Tool.run(dir, "nbdinfo", "--list", server.uri().toString())
                            .succeeded()
                            .output())
                    .contains("export=\"G/disk\"", "export=\"fast\"", "export=\"blocks\"");
            assertThat(Tool.run(dir, "nbdinfo", server.uri("through").toString())
                            .succeeded()
                            .output())
                    .contains("can_flush: false", "can_fua: false", "can_trim: true");
            assertThat(Tool.run(dir, "nbdinfo", server.uri("nope").toString())
                            .failed()
                            .output())
                    .contains("No such file or directory for export: nope");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nbdcopyBothWays(boolean unix) throws Exception {
        Tool.require("nbdcopy", "libnbd-bin");
        byte[] data = new byte[SIZE];
        new Random(5).nextBytes(data);
        java.util.Arrays.fill(data, 1 << 20, 3 << 20, (byte) 0);
        Path source = Files.write(dir.resolve("source"), data);
        try (NbdServer server = serve(unix)) {
            String uri = server.uri("G/disk").toString();
            Tool.run(dir, "nbdcopy", "--flush", source.toString(), uri).succeeded();
            assertThat(device.calls).contains("flush").anyMatch(call -> call.startsWith("zero"));
            Tool.run(dir, "nbdcopy", uri, dir.resolve("back").toString()).succeeded();
        }
        assertThat(Files.mismatch(source, dir.resolve("back"))).isEqualTo(-1);
    }

    @Test
    void qemuIoWithAllFlags() throws Exception {
        Tool.require("qemu-io", "qemu-utils");
        try (NbdServer server = serve(true)) {
            String output = qemuIo(
                            server.uri("G/disk"),
                            "write -P 0xaa 0 64k",
                            "write -f -P 0xbb 64k 4k",
                            "write -z 8k 4k",
                            "write -z -u 16k 4k",
                            "write -z -f 24k 4k",
                            "discard 32k 4k",
                            "flush",
                            "read -P 0xaa 0 8k",
                            "read -P 0 8k 4k",
                            "read -P 0xaa 12k 4k",
                            "read -P 0 16k 4k",
                            "read -P 0 24k 4k",
                            "read -P 0xbb 64k 4k")
                    .succeeded()
                    .output();
            assertThat(output).doesNotContain("verification failed").contains("discard 4096/4096");
            assertThat(device.calls)
                    .contains(
                            "write 0+65536",
                            "write 65536+4096 fua",
                            "zero 8192+4096 nohole",
                            "zero 16384+4096",
                            "zero 24576+4096 nohole fua",
                            "trim 32768+4096",
                            "flush");
        }
    }

    @Test
    void qemuIoZeroesFastOrNotAtAll() throws Exception {
        Tool.require("qemu-io", "qemu-utils");
        try (NbdServer server = serve(true)) {
            assertThat(qemuIo(server.uri("fast"), "write -z -n 0 64k")
                            .succeeded()
                            .output())
                    .contains("wrote 65536/65536");
            assertThat(qemuIo(server.uri("G/disk"), "write -z -n 0 64k").output())
                    .contains("Operation not supported");
        }
    }

    @Test
    void qemuIoKeepsToTheBlockSizes() throws Exception {
        Tool.require("qemu-io", "qemu-utils");
        try (NbdServer server = serve(true)) {
            qemuIo(
                            server.uri("blocks"),
                            "write -P 0x11 0 256k",
                            "write -P 0x22 1000 50",
                            "read -P 0x22 1000 50",
                            "read -P 0x11 1050 200000")
                    .succeeded();
            assertThat(device.calls)
                    .allMatch(call -> !call.startsWith("write") || call.matches("write \\d*\\+(4096|65536).*"));
        }
    }

    private Tool.Result qemuIo(NbdUri uri, String... commands) throws Exception {
        List<String> line = new java.util.ArrayList<>(List.of("qemu-io", "-t", "writeback", "-f", "raw"));
        for (String command : commands) {
            line.addAll(List.of("-c", command));
        }
        line.add(uri.toString());
        return Tool.run(dir, line.toArray(String[]::new));
    }

    @Test
    void qemuImgConvertsAndCompares() throws Exception {
        Tool.require("qemu-img", "qemu-utils");
        byte[] data = new byte[SIZE];
        new Random(6).nextBytes(data);
        Path source = Files.write(dir.resolve("source"), data);
        try (NbdServer server = serve(false)) {
            String uri = server.uri("G/disk").toString();
            Tool.run(dir, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source.toString(), uri)
                    .succeeded();
            Tool.run(dir, "qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), uri)
                    .succeeded();
            Tool.run(
                            dir,
                            "qemu-img",
                            "convert",
                            "-f",
                            "raw",
                            "-O",
                            "raw",
                            uri,
                            dir.resolve("back").toString())
                    .succeeded();
            assertThat(Tool.run(dir, "qemu-img", "info", uri).succeeded().output())
                    .contains("16 MiB");
        }
        assertThat(Files.mismatch(source, dir.resolve("back"))).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fioVerifiesWhatItWrote(boolean unix) throws Exception {
        Tool.require("fio", "fio");
        try (NbdServer server = serve(unix)) {
            String output = Tool.run(
                            dir,
                            "fio",
                            "--name=x",
                            "--ioengine=nbd",
                            "--uri=" + server.uri("G/disk"),
                            "--size=16m",
                            "--rw=randrw",
                            "--bsrange=4k-64k",
                            "--iodepth=16",
                            "--loops=3",
                            "--verify=crc32c",
                            "--verify_fatal=1",
                            "--do_verify=1",
                            "--fsync=50",
                            "--trim_percentage=5")
                    .succeeded()
                    .output();
            assertThat(output).contains("err= 0");
            assertThat(device.calls).contains("flush");
        }
    }
}
