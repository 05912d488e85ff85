package io.github.internvl.benchmark;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.internvl.ChatRequest;
import io.github.internvl.ChatResponse;
import io.github.internvl.InternVL;
import io.github.internvl.fixtures.Checkout;
import io.github.internvl.vision.Image;
import java.awt.Rectangle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Questions about held-out pictures, each with its one right answer: a folder that models/training/evaluate.py writes.
 *
 * @param folder the folder
 * @param questions the questions, those about the same pictures together
 */
public record HeldOut(Path folder, List<Question> questions) {
    private static final int BATCH = 32;
    private static final int LONGEST_ANSWER = 80;
    private static final double OVERLAP = 0.5;
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    /** The set that is part of the project. */
    public static HeldOut small() {
        return in(Checkout.ROOT.resolve("src/test/resources/demo/held-out"));
    }

    /** Dialogues by round, wordings and small talk; the wordings of the kinds named {@code new} are kept out of training. */
    public static HeldOut talks() {
        return in(Checkout.ROOT.resolve("src/test/resources/demo/talks"));
    }

    /** The sentences of README, documents, examples and model cards about the samples, and some kept out of training. */
    public static HeldOut wordings() {
        return in(Checkout.ROOT.resolve("src/test/resources/demo/wordings"));
    }

    public static HeldOut in(Path folder) {
        return new HeldOut(
                folder,
                Checkout.read(folder.resolve("questions.jsonl"))
                        .lines()
                        .map(line -> new Question(
                                folder, JsonParser.parseString(line).getAsJsonObject()))
                        .toList());
    }

    /** The first questions of each kind. */
    public HeldOut first(int perKind) {
        Map<String, Integer> taken = new TreeMap<>();
        return new HeldOut(
                folder,
                questions.stream()
                        .filter(question -> taken.merge(question.kind(), 1, Integer::sum) <= perKind)
                        .toList());
    }

    /** Asks all in batches. */
    public List<Answered> answers(InternVL model) {
        List<Answered> answered = new ArrayList<>();
        for (int from = 0; from < questions.size(); from += BATCH) {
            List<Question> asked = questions.subList(from, Math.min(from + BATCH, questions.size()));
            List<ChatResponse> responses =
                    model.batchChat(asked.stream().map(Question::request).toList());
            for (int i = 0; i < asked.size(); i++) {
                answered.add(new Answered(asked.get(i), responses.get(i)));
            }
        }
        return answered;
    }

    /** A line of the set. */
    public record Question(Path folder, JsonObject json) {
        public String kind() {
            return json.get("kind").getAsString();
        }

        public String text() {
            return json.get("question").getAsString();
        }

        public String answer() {
            return json.get("answer").getAsString();
        }

        /** The box of an answer that is one. */
        public ChatResponse.Box box() {
            int[] edges = NUMBER.matcher(answer())
                    .results()
                    .mapToInt(number -> Integer.parseInt(number.group()))
                    .toArray();
            return new ChatResponse.Box("", edges[0], edges[1], edges[2], edges[3]);
        }

        /** The pictures belong to the first round. */
        public ChatRequest request() {
            int maxTiles = json.get("max_tiles").getAsInt();
            List<Image> images = strings(json.get("images")).stream()
                    .map(name -> Image.open(folder.resolve(name)))
                    .toList();
            List<ChatRequest.Turn> history = new ArrayList<>();
            json.getAsJsonArray("history").forEach(pair -> {
                List<String> both = strings(pair);
                history.add(new ChatRequest.Turn(
                        both.get(0),
                        history.isEmpty() ? images : List.of(),
                        ChatRequest.Tiling.OPEN.withMaxTiles(maxTiles),
                        both.get(1)));
            });
            ChatRequest.Builder request = ChatRequest.builder()
                    .text(text())
                    .history(history)
                    .maxTiles(maxTiles)
                    .maxNewTokens(LONGEST_ANSWER);
            return (history.isEmpty() ? request.images(images) : request).build();
        }
    }

    /** A question with what the model said: right if it says the same, or if the box covers enough of the right one. */
    public record Answered(Question question, ChatResponse response) {
        public boolean isRight() {
            if (question.answer().contains("<box>")) {
                return overlap(response.boxes(), question.box()) >= OVERLAP;
            }
            return response.text().equals(question.answer());
        }

        @Override
        public String toString() {
            return String.join(
                    "\t",
                    question.kind(),
                    question.json().get("images").toString(),
                    question.text().replace("\n", "\\n"),
                    question.answer(),
                    response.text().replace("\n", "\\n"));
        }
    }

    /** Right answers of all. */
    public record Score(int right, int of) {
        public static Score of(Stream<Answered> answers) {
            List<Boolean> right = answers.map(Answered::isRight).toList();
            return new Score((int) right.stream().filter(is -> is).count(), right.size());
        }

        public double share() {
            return of == 0 ? 0 : (double) right / of;
        }
    }

    /** Intersection over union of the first box found and the right one; 0 where none is found. */
    public static double overlap(List<ChatResponse.Box> found, ChatResponse.Box right) {
        if (found.isEmpty()) {
            return 0;
        }
        Rectangle a = found.get(0).toPixels(1000, 1000);
        Rectangle b = right.toPixels(1000, 1000);
        Rectangle both = a.intersection(b);
        double common = both.isEmpty() ? 0 : area(both);
        return common / (area(a) + area(b) - common);
    }

    private static List<String> strings(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    private static double area(Rectangle rectangle) {
        return (double) rectangle.width * rectangle.height;
    }
}
