package io.github.internvl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.internvl.fixtures.TinyCheckpoint;
import io.github.internvl.vision.Image;
import io.github.internvl.vision.spi.Pixels;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How a request says its tiles, and the prompt that they make. */
class TilingTest {
    private static final Image LAND = Image.open(TinyCheckpoint.picture("river.png"));
    private static final Image SQUARE = Image.open(TinyCheckpoint.picture("window.png"));

    private static InternVL model;
    private static int perTile;

    @BeforeAll
    static void load() {
        model = InternVL.builder(TinyCheckpoint.qwen())
                .precision(Precision.FLOAT32)
                .load();
        perTile = model.info().tokensPerTile();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static ChatRequest.Builder ask(Image... images) {
        return ChatRequest.builder().text("Why?", images).maxNewTokens(4);
    }

    private static int tiles(ChatRequest.Builder request) {
        return model.prompt(request.build()).visualTokens() / perTile;
    }

    @Test
    void takesTheFewestTilesOfARequest() {
        assertThat(tiles(ask(SQUARE).maxTiles(1))).isEqualTo(1);
        assertThat(tiles(ask(SQUARE).minTiles(4).maxTiles(4))).isEqualTo(4 + 1);
        assertThat(tiles(ask(SQUARE).minTiles(20))).isGreaterThanOrEqualTo(20);
    }

    @Test
    void leavesTheThumbnailOutWhereARequestSaysSo() {
        ChatRequest.Builder request = ask(LAND).minTiles(2).maxTiles(2);

        assertThat(tiles(request)).isEqualTo(3);
        assertThat(tiles(request.thumbnail(false))).isEqualTo(2);
    }

    @Test
    void takesALimitOfOnePictureBeforeThatOfTheRequest() {
        ChatRequest.Builder request = ask(LAND.withMaxTiles(1), LAND)
                .text("<image> or <image>?")
                .minTiles(2)
                .maxTiles(2);

        assertThat(tiles(request)).isEqualTo(1 + 3);
        assertThat(model.chat(request.build()).usage().visualTokens()).isEqualTo(4 * perTile);
    }

    @Test
    void keepsTheTilesOfARoundInTheNext() {
        ChatRequest first = ask(LAND).minTiles(2).maxTiles(2).thumbnail(false).build();
        ChatResponse answered = model.chat(first);

        ChatRequest.Builder next = ask().history(answered.history());

        assertThat(tiles(next)).isEqualTo(2);
        assertThat(tiles(next.maxTiles(12).thumbnail(true))).isEqualTo(2);
    }

    @Test
    void writesThePromptThatTheModelReads() {
        ChatRequest request = ask(SQUARE).maxTiles(1).systemMessage("Be brief.").build();

        InternVL.Prompt prompt = model.prompt(request);

        assertThat(prompt.text())
                .isEqualTo("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<img>"
                        + "<IMG_CONTEXT>".repeat(perTile)
                        + "</img>\nWhy?<|im_end|>\n<|im_start|>assistant\n");
        assertThat(prompt.ids()).isEqualTo(model.tokenizer().encode(prompt.text()));
        assertThat(prompt.ids()).hasSize(model.countTokens(request));
        assertThat(prompt.toString()).doesNotContain("Why");
    }

    @Test
    void givesTheIdsOfTheAnswer() {
        ChatResponse response = model.chat(ask(SQUARE).build());
        int[] ids = response.ids().stream().mapToInt(Integer::intValue).toArray();

        assertThat(ids).hasSize(response.usage().generatedTokens());
        assertThat(model.tokenizer().decode(ids, true).strip()).isEqualTo(response.text());
    }

    @Test
    void takesPixelsThatAreDecodedAlready() {
        byte[] rgb = new byte[LAND.width() * LAND.height() * 3];
        LAND.rgb().get(rgb);

        Image handed = Image.of(new Pixels(LAND.width(), LAND.height(), rgb));

        assertThat(handed.contentHash()).isEqualTo(LAND.contentHash());
    }

    @Test
    void refusesNumbersOfTilesThatCannotBe() {
        for (Runnable wrong : List.<Runnable>of(
                () -> ask().minTiles(0),
                () -> ask().minTiles(1025),
                () -> ask().maxTiles(2).minTiles(3),
                () -> LAND.withMaxTiles(0),
                () -> LAND.withMaxTiles(1025))) {
            assertThatThrownBy(wrong::run).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> ask().maxTiles(0))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("maxTiles must be 1 to 1024; leave it out for the model's own limit: 0");
        assertThatThrownBy(() -> ask().maxTiles(2).minTiles(3))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage("minTiles must not be above maxTiles, 2; lower the one or raise the other: 3");
    }

    @Test
    void keepsTheTilesOfAQuestionFromEarlierPictures() {
        Message.User open = Message.User.of("Why?", LAND);
        Message.Assistant answer = Message.Assistant.of("So.");
        int alone = tiles(ask(LAND).maxTiles(12));
        int fine = tiles(ask(LAND).maxTiles(24));
        assertThat(fine).isGreaterThan(alone);
        Message.User largest = new Message.User(
                List.of(new Message.Picture(LAND, ChatRequest.Tiling.OPEN.withMaxTiles(24)), new Message.Text("And?")));

        ChatRequest.Builder request = ChatRequest.builder().messages(List.of(open, answer, largest));

        assertThat(tiles(request)).isEqualTo(tiles(ask(LAND)) + fine);
        assertThat(tiles(request.maxTiles(12))).isEqualTo(alone + fine);
    }

    @Test
    void tilesPicturesBeforeAClipAsTheRequestSays() {
        Message.Clip clip = new Message.Clip(List.of(SQUARE, SQUARE), ChatRequest.Tiling.OPEN);
        ChatRequest.Builder request = ChatRequest.builder()
                .messages(List.of(
                        Message.User.of("Why?", LAND), Message.Assistant.of("So."), new Message.User(List.of(clip))));

        assertThat(tiles(request.minTiles(2).maxTiles(2))).isEqualTo(3 + 2);
    }
}
