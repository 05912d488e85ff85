package io.github.internvl.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real tokenizers against what the reference's tokenizers gave for the same texts and ids. The folder is {@code tokenizers/} inside
 * the one of the system property {@code internvl.goldens}: one folder per family with its files, gzipped or not, and
 * {@code goldens/FAMILY.encode.jsonl} and {@code goldens/FAMILY.stream.jsonl}.
 */
class TokenizerGoldensTest {
    /** The end of a text that InternLM2's clean-up of spaces may still change, and nothing longer. */
    private static final Pattern HELD_BACK = Pattern.compile("(?: n?)?(?: '? ?|'|'[vr]|n'?)?");

    private static final Pattern NOTHING = Pattern.compile("");

    private static final String GZ = ".gz";

    @TestFactory
    Stream<DynamicNode> agreesWithTheReference(@TempDir Path temporary, TestReporter reporter) throws IOException {
        Path folder = Goldens.part("tokenizers");
        List<DynamicNode> families = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path family : folders) {
                String name = String.valueOf(family.getFileName());
                Path encode = folder.resolve("goldens").resolve(name + ".encode.jsonl");
                Path stream = folder.resolve("goldens").resolve(name + ".stream.jsonl");
                if (Files.exists(encode) || Files.exists(stream)) {
                    Path unpacked = unpack(family, temporary.resolve(name));
                    families.add(dynamicContainer(name, tests(name, unpacked, encode, stream, reporter)));
                }
            }
        }
        assertThat(families).as("families with goldens in %s", folder).isNotEmpty();
        return families.stream();
    }

    private static Stream<DynamicTest> tests(
            String family, Path files, Path encode, Path stream, TestReporter reporter) {
        return Stream.of(
                rows(family, "encode", files, encode, reporter, TokenizerGoldensTest::encodes),
                rows(family, "decode", files, encode, reporter, TokenizerGoldensTest::decodes),
                rows(family, "stream", files, stream, reporter, TokenizerGoldensTest::streams));
    }

    private interface Check {
        void of(JsonObject row, Tokenizer tokenizer, SoftAssertions softly);
    }

    private static DynamicTest rows(
            String family, String kind, Path files, Path goldens, TestReporter reporter, Check check) {
        return dynamicTest(kind, () -> {
            assumeTrue(Files.exists(goldens), "no file " + goldens);
            List<String> lines = Files.readAllLines(goldens);
            assertThat(lines).isNotEmpty();
            SoftAssertions softly = new SoftAssertions();
            try (Tokenizer tokenizer = Tokenizer.load(files)) {
                for (String line : lines) {
                    check.of(JsonParser.parseString(line).getAsJsonObject(), tokenizer, softly);
                }
            }
            int differences = softly.assertionErrorsCollected().size();
            reporter.publishEntry(family + "." + kind, lines.size() + " rows, " + differences + " differences");
            softly.assertAll();
        });
    }

    private static void encodes(JsonObject row, Tokenizer tokenizer, SoftAssertions softly) {
        // "newer": transformers without the defect of 4.37.2 that skips merges beginning with '#'
        JsonObject expected = row.has("newer") ? row.getAsJsonObject("newer") : row;
        String text = row.get("text").getAsString();
        softly.assertThat(tokenizer.encode(text, false)).as("row %s", row).isEqualTo(ids(expected.get("ids")));
        softly.assertThat(tokenizer.encode(text)).as("row %s", row).isEqualTo(ids(expected.get("ids_with_special")));
    }

    private static void decodes(JsonObject row, Tokenizer tokenizer, SoftAssertions softly) {
        int[] ids = ids(row.get("ids"));
        int[] withSpecial = ids(row.get("ids_with_special"));
        softly.assertThat(tokenizer.decode(ids, false))
                .isEqualTo(row.get("decode").getAsString());
        softly.assertThat(tokenizer.decode(ids, true))
                .isEqualTo(row.get("decode_skip_special").getAsString());
        softly.assertThat(tokenizer.decode(withSpecial, false))
                .isEqualTo(row.get("decode_with_special").getAsString());
    }

    /**
     * After every id the text so far is the reference's printable text; where the tokenizer cleans up spaces it may lack an end that the
     * clean-up can still change. At the end it is the reference's whole text.
     */
    private static void streams(JsonObject row, Tokenizer tokenizer, SoftAssertions softly) {
        int[] ids = ids(row.get("ids"));
        JsonArray printable = row.getAsJsonArray("printable");
        JsonArray whole = row.getAsJsonArray("prefix_text");
        boolean cleansUp =
                tokenizer.decode(tokenizer.encode("a .", false), true).equals("a.");
        Tokenizer.Decoder decoder = tokenizer.decoder(true);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < ids.length; i++) {
            text.append(decoder.add(ids[i]));
            String expected = printable.get(i).getAsString();
            softly.assertThat(expected).as("row %s, id %d", row.get("n"), i).startsWith(text);
            String held = expected.substring(Math.min(text.length(), expected.length()));
            softly.assertThat(held)
                    .as("held back in row %s, id %d", row.get("n"), i)
                    .matches(cleansUp ? HELD_BACK : NOTHING);
        }
        text.append(decoder.finish());
        softly.assertThat(text).hasToString(whole.get(whole.size() - 1).getAsString());
    }

    private static int[] ids(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .mapToInt(JsonElement::getAsInt)
                .toArray();
    }

    private static Path unpack(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from, Files::isRegularFile)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                boolean packed = name.endsWith(GZ);
                try (InputStream in = Files.newInputStream(file);
                        InputStream content = packed ? new GZIPInputStream(in) : in) {
                    Files.copy(content, to.resolve(packed ? name.substring(0, name.length() - GZ.length()) : name));
                }
            }
        }
        return to;
    }
}
