package dev.unwrite.chaos.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is made of fio's answer. */
class FioTest {
    private static final int BLOCKS = 4096;

    private final Fio fio = new Fio(BLOCKS);

    private static String answer(int error, String counted, long done) {
        return "{\n  \"fio version\" : \"fio-3.33\",\n  \"jobs\" : [\n    {\"jobname\" : \"pass\", \"error\" : " + error
                + ", \"" + counted + "\" : {\"total_ios\" : " + done + "}}\n  ]\n}\n";
    }

    @Test
    void aPassOverAllBlocksIsOk() {
        assertThat(fio.judge(0, answer(0, "write", BLOCKS), "", "write").end()).isEqualTo(Fio.End.OK);
    }

    /** It counts what was asked for: a verification that read nothing has verified nothing. */
    @Test
    void aPassThatEndedEarlyFailed() {
        assertThat(fio.judge(0, answer(0, "write", BLOCKS), "", "read").end()).isEqualTo(Fio.End.FAILED);
        Fio.Ran ran = fio.judge(0, answer(0, "read", BLOCKS - 1), "", "read");
        assertThat(ran.end()).isEqualTo(Fio.End.FAILED);
        assertThat(ran.said()).contains("after 4095 blocks");
    }

    @Test
    void anotherBlockIsWrongAndFioSaysWhich() {
        Fio.Ran ran = fio.judge(
                1, answer(84, "read", 17), "verify: bad pattern block offset 8192\n  pattern: verify failed\n", "read");
        assertThat(ran.end()).isEqualTo(Fio.End.WRONG);
        assertThat(ran.said()).isEqualTo("verify: bad pattern block offset 8192 pattern: verify failed");
    }

    @Test
    void aServerThatIsGoneProvesNothing() {
        Fio.Ran ran = fio.judge(1, "fio: nbd_connect_uri: refused\n" + answer(5, "read", 0), "", "read");
        assertThat(ran.end()).isEqualTo(Fio.End.FAILED);
        assertThat(ran.said()).contains("nbd_connect_uri: refused");
    }

    @Test
    void noAnswerAtAllProvesNothing() {
        for (String out : new String[] {"", "Killed", "{\n  \"jobs\" : [", "{\n}"}) {
            assertThat(fio.judge(0, out, "", "read").end()).as(out).isEqualTo(Fio.End.FAILED);
        }
    }
}
