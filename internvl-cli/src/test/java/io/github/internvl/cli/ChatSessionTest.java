package io.github.internvl.cli;

import static io.github.internvl.cli.TinyModel.answer;
import static io.github.internvl.cli.TinyModel.chat;
import static io.github.internvl.cli.TinyModel.picture;
import static io.github.internvl.cli.TinyModel.question;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChatSessionTest {
    @Test
    void remembersTheRoundsBefore() {
        CommandRun run =
                CommandRun.reading(question("text_round2", 0) + "\n" + question("text_round2", 1) + "\n", chat());
        assertThat(run.out()).isEqualTo(answer("text_round2", 0) + "\n" + answer("text_round2", 1) + "\n");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void addsAPictureToTheNextQuestionAlone() {
        String asked = question("image1_auto", 0);
        CommandRun run = CommandRun.reading(
                "/image " + picture("badge.png") + "\n" + asked + "\n/new\n" + question("text", 0) + "\n", chat());
        assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n" + answer("text", 0) + "\n");
    }

    @Test
    void beginsWithThePicturesOfTheCommandLine() {
        CommandRun run = CommandRun.reading(question("image1_auto", 0) + "\n", chat("--image", picture("badge.png")));
        assertThat(run.out()).isEqualTo(answer("image1_auto", 0) + "\n");
    }

    @Test
    void forgetsRoundsAndWaitingPicturesOnNew() {
        String lines = question("text_round2", 0) + "\n/image " + picture("badge.png") + "\n/new\n"
                + question("text", 0) + "\n";
        CommandRun run = CommandRun.reading(lines, chat());
        assertThat(run.out()).isEqualTo(answer("text_round2", 0) + "\n" + answer("text", 0) + "\n");
    }

    @Test
    void explainsALineThatFailsAndGoesOn() {
        String lines = "/image no-such.png\n/image\n/picture\n<image> here?\n" + question("text", 0) + "\n";
        CommandRun run = CommandRun.reading(lines, chat());
        assertThat(run.out()).isEqualTo(answer("text", 0) + "\n");
        assertThat(run.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("internvl: no-such.png: "),
                        line -> assertThat(line).contains("/image requires a file"),
                        line -> assertThat(line).contains("unknown command /picture"),
                        line -> assertThat(line).contains("1 tags for 0 pictures"));
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void promptsAPersonOnStandardErrorAlone() {
        CommandRun run = CommandRun.typing("/help\n\nnonsense <image>\n" + question("text", 0) + "\n", chat());
        assertThat(run.out()).isEqualTo(answer("text", 0) + "\n");
        assertThat(run.err()).contains("Ctrl-D to end", "> ", "/image FILE", "1 tags for 0 pictures");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void tellsAPersonTheSizeOfAPicture() {
        CommandRun run = CommandRun.typing("/image " + picture("badge.png") + "\n", chat());
        assertThat(run.err()).containsPattern("\\d+ x \\d+ pixels, for the next question");
    }

    @Test
    void asksOnAboutAVideo() {
        String clip = "../models/samples/clip.mp4";
        CommandRun run = CommandRun.reading(
                "/video " + clip + "\nWhat moves?\nWhich way?\n/new\n" + question("text", 0) + "\n", chat("-v"));
        assertThat(run.err().lines().filter(line -> line.startsWith("prompt")))
                .satisfiesExactly(
                        line -> assertThat(line).contains(", 72 of them visual"),
                        line -> assertThat(line).contains(", 72 of them visual"),
                        line -> assertThat(line).contains(" tokens"));
        assertThat(run.out()).endsWith("\n" + answer("text", 0) + "\n");
    }

    @Test
    void takesPicturesOrAVideoForAQuestion() {
        CommandRun run = CommandRun.reading(
                "/video ../models/samples/clip.mp4\n/image " + picture("badge.png") + "\n/new\n/image "
                        + picture("badge.png") + "\n/video ../models/samples/clip.mp4\n",
                chat());
        assertThat(run.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).contains("it has a video; /new removes it"),
                        line -> assertThat(line).contains("it has pictures; /new removes them"));
    }

    @Test
    void stopsAnAnswerOnCtrlCAndGoesOn() {
        String[] longAnswers = TinyModel.args(
                List.of("-m", TinyModel.FOLDER.toString(), "--precision", "float32", "--device", "cpu"),
                "--temperature",
                "100",
                "--top-k",
                "0",
                "--seed",
                "5");
        CommandRun run = CommandRun.disturbing(InterruptTest::pressCtrlC, "Tell a story.\nAnd then?\n", longAnswers);
        assertThat(run.err())
                .containsOnlyOnce("(stopped: this round is dropped, and its pictures stay for the next question)");
        assertThat(run.exitCode()).isZero();
    }

    @Test
    void endsOnExit() {
        CommandRun run = CommandRun.reading("/exit\n" + question("text", 0) + "\n", chat());
        assertThat(run.out()).isEmpty();
        assertThat(run.exitCode()).isZero();
    }
}
