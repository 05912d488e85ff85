package io.github.internvl.server.http;

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
 * A streaming reader of request bodies: one JSON object in UTF-8, nested at most 64 deep. Fields that a route does not know are
 * skipped and take no memory. Every value is charged to the request's budget, skipped ones included; a name counts with its value.
 * Memory for known fields is reserved before it is allocated. Used by one thread.
 */
final class BodyReader extends JsonReader {
    private static final TypeAdapter<JsonElement> VALUES = new Gson().getAdapter(JsonElement.class);
    private static final int DEEPEST = 64;
    private static final int BYTES_OF_A_VALUE = 180; // measured: 6 of a null to 176 of a number with a name of its own

    private final MeasuredText text;
    private final HeapBudget.Share memory;
    private final RequestBudget budget;
    private String place = "the body";

    private BodyReader(MeasuredText text, HeapBudget.Share memory, RequestBudget budget) {
        super(text);
        this.text = text;
        this.memory = memory;
        this.budget = budget;
        setStrictness(Strictness.STRICT);
        setNestingLimit(DEEPEST);
    }

    /** Reads a body to its end and keeps its known fields. */
    static JsonFields read(InputStream body, Set<String> known, HeapBudget.Share memory, RequestBudget budget) {
        MeasuredText text = new MeasuredText(new InputStreamReader(body, StandardCharsets.UTF_8.newDecoder()), memory);
        try (BodyReader reader = new BodyReader(text, memory, budget)) {
            return reader.fields(known);
        } catch (CharacterCodingException e) {
            throw ApiException.invalid(null, "the body must be JSON in UTF-8: it has invalid bytes");
        } catch (CancellationException e) { // an IllegalStateException, but not about the JSON
            throw e;
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw ApiException.invalid(null, "the body must be JSON: " + fault(e));
        }
    }

    private JsonFields fields(Set<String> known) throws IOException {
        JsonObject fields = new JsonObject();
        if (peek() != JsonToken.BEGIN_OBJECT) {
            throw ApiException.invalid(null, "the body must be one JSON object");
        }
        beginObject();
        while (hasNext()) {
            String name = nextName();
            place = known.contains(name) ? name : "the body";
            if (known.contains(name)) {
                fields.add(name, VALUES.read(this));
            } else {
                skip();
            }
        }
        endObject();
        if (peek() != JsonToken.END_DOCUMENT) {
            throw ApiException.invalid(null, "the body must be one JSON object");
        }
        text.settle();
        return JsonFields.of(fields, known);
    }

    private void skip() throws IOException {
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

    /** Charges a value that becomes a node of the tree. */
    private void charge() {
        budget.charge(Work.JSON_VALUES, 1, place);
        memory.reserveForBody(BYTES_OF_A_VALUE);
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

    /** The parser's message with the position, without its link to a manual. */
    private static String fault(Exception wrong) {
        String message = String.valueOf(wrong.getMessage());
        int see = message.indexOf("\nSee ");
        return see < 0 ? message : message.substring(0, see);
    }
}
