package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class FioJsonTest {
    /** As fio 3.33 says it, without what is not read. */
    private static final String SAID = """
            fio: connected to NBD server
            {
              "fio version" : "fio-3.33",
              "jobs" : [
                {
                  "jobname" : "bench",
                  "error" : %d,
                  "read" : { "iops" : 0.000000, "total_ios" : 0 },
                  "write" : {
                    "io_bytes" : 16777216,
                    "iops" : 43574.468085,
                    "runtime" : 94,
                    "total_ios" : %d,
                    "clat_ns" : {
                      "min" : 141716,
                      "max" : 1159962,
                      "mean" : 363692.604980,
                      "percentile" : {
                        "1.000000" : 191488,
                        "50.000000" : 342016,
                        "99.000000" : 667648,
                        "99.900000" : 1089536
                      }
                    }
                  }
                }
              ]
            }
            """;

    @Test
    void samplesAreInMicroseconds() {
        Sample sample = Sample.of(
                FioJson.job(SAID.formatted(0, 4096)),
                2,
                17,
                new Sample.Used(Map.of("A", 0.04096), OptionalLong.of(50_331_648), Map.of("A", 33_554_432L)),
                0.5);

        assertThat(sample)
                .isEqualTo(new Sample(
                        2,
                        43574.468085,
                        4096,
                        16_777_216,
                        94,
                        342.016,
                        667.648,
                        1089.536,
                        363.69260498,
                        1159.962,
                        17,
                        Map.of("A", 10.0),
                        3.0,
                        Map.of("A", 2.0),
                        0.5));
        assertThat(sample.cpuMicrosOfAll()).isEqualTo(10);
    }

    @Test
    void ofAJobThatOnlyReadsThereAreReads() {
        String reads = SAID.formatted(0, 4096).replace("\"read\"", "\"other\"").replace("\"write\"", "\"read\"");

        Sample sample = Sample.of(
                FioJson.job(reads), 1, -1, new Sample.Used(Map.of(), OptionalLong.of(4096), Map.of("A", 4096L)), 0);

        assertThat(sample.writes()).isZero();
        assertThat(sample.diskBytes()).isNull();
        assertThat(sample.chargedBytes()).isEmpty();
        assertThat(sample.iops()).isEqualTo(43574.468085);
        assertThat(sample.bytes()).isEqualTo(16_777_216);
        assertThat(sample.p50Micros()).isEqualTo(342.016);
    }

    @Test
    void anErrorIsToldInOneLine() {
        assertThatThrownBy(() -> FioJson.job(SAID.formatted(5, 4096)))
                .isInstanceOf(BenchException.class)
                .hasMessage("fio failed with error 5: fio: connected to NBD server");
    }

    @Test
    void nothingWrittenIsNoMeasurement() {
        assertThatThrownBy(() -> FioJson.job(SAID.formatted(0, 0)))
                .isInstanceOf(BenchException.class)
                .hasMessage("fio wrote nothing");
    }

    @Test
    void whatIsNotJsonIsTold() {
        assertThatThrownBy(() -> FioJson.job("fio: nbd_connect_uri: no\nsuch file"))
                .isInstanceOf(BenchException.class)
                .hasMessage("fio did not say what it measured: fio: nbd_connect_uri: no such file");
        assertThatThrownBy(() -> FioJson.job("")).isInstanceOf(BenchException.class);
    }
}
