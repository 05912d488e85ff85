package io.github.internvl.server;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.Strictness;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.internvl.RequestBudget;
import io.github.internvl.RequestBudget.Work;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Reads a body, one JSON object in UTF-8 nested up to 64 deep, as it comes. Fields that a route does not know are passed over
 * and take no memory. Each value, of these too, is charged to the request's budget; a name counts with its value. Memory for known
 * fields is reserved before it is taken. Used by one thread.
 */
final class BodyReader extends JsonReader {
    private static final TypeAdapter<JsonElement> VALUES = new Gson().getAdapter(JsonElement.class);
    private static final int DEEPEST = 64;
    private static final int BYTES_OF_A_VALUE = 180; // measured: 6 of a null to 176 of a number with a name of its own

    private final MeasuredText text;
    private final Memory.Share memory;
    private final RequestBudget budget;
    private String place = "the body";

    private BodyReader(MeasuredText text, Memory.Share memory, RequestBudget budget) {
        super(text);
        this.text = text;
        this.memory = memory;
        this.budget = budget;
        setStrictness(Strictness.STRICT);
        setNestingLimit(DEEPEST);
    }

    /** Reads a body to its end; its known fields stay. */
    static Fields read(InputStream body, Set<String> known, Memory.Share memory, RequestBudget budget) {
        MeasuredText text = new MeasuredText(new InputStreamReader(body, StandardCharsets.UTF_8.newDecoder()), memory);
        try (BodyReader reader = new BodyReader(text, memory, budget)) {
            return reader.fields(known);
        } catch (CharacterCodingException e) {
            throw Refusal.wrong(null, "the body must be JSON in UTF-8: it holds bytes that are none");
        } catch (CancellationException e) { // an IllegalStateException, but none of the JSON
            throw e;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw Refusal.wrong(null, "the body must be JSON: " + fault(e));
        }
    }

    private Fields fields(Set<String> known) throws IOException {
        JsonObject fields = new JsonObject();
        if (peek() != JsonToken.BEGIN_OBJECT) {
            throw Refusal.wrong(null, "the body must be one JSON object");
        }
        beginObject();
        while (hasNext()) {
            String name = nextName();
            place = known.contains(name) ? name : "the body";
            if (known.contains(name)) {
                fields.add(name, VALUES.read(this));
            } else {
                passOver();
            }
        }
        endObject();
        if (peek() != JsonToken.END_DOCUMENT) {
            throw Refusal.wrong(null, "the body must be one JSON object");
        }
        text.settle();
        return Fields.of(fields, known);
    }

    private void passOver() throws IOException {
        int depth = 0;
        do {
            switch (peek()) {
                case BEGIN_OBJECT -> {
                    super.beginObject();
                    budget.charge(Work.JSON_VALUES, 1, place);
                    depth++;
                }
                case BEGIN_ARRAY -> {
                    super.beginArray();
                    budget.charge(Work.JSON_VALUES, 1, place);
                    depth++;
                }
                case END_OBJECT -> {
                    endObject();
                    depth--;
                }
                case END_ARRAY -> {
                    endArray();
                    depth--;
                }
                case NAME -> skipValue();
                default -> {
                    skipValue();
                    budget.charge(Work.JSON_VALUES, 1, place);
                }
            }
        } while (depth > 0);
    }

    /** Charges a value of which the tree will hold a node. */
    private void charge() {
        budget.charge(Work.JSON_VALUES, 1, place);
        memory.takeForBody(BYTES_OF_A_VALUE);
    }

    @Override
    public void beginObject() throws IOException {
        charge();
        super.beginObject();
    }

    @Override
    public void beginArray() throws IOException {
        charge();
        super.beginArray();
    }

    @Override
    public String nextString() throws IOException {
        charge();
        return super.nextString();
    }

    @Override
    public boolean nextBoolean() throws IOException {
        charge();
        return super.nextBoolean();
    }

    @Override
    public void nextNull() throws IOException {
        charge();
        super.nextNull();
    }

    /** The fault of a JSON text and its place, without the text that stands there. */
    private static String fault(Exception wrong) {
        String message = String.valueOf(wrong.getMessage());
        int see = message.indexOf("\nSee ");
        return see < 0 ? message : message.substring(0, see);
    }
}
