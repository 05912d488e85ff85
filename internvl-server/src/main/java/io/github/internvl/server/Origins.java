package io.github.internvl.server;

import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The places in a request of the fields of objects that were made from it: where one protocol is put as another, a refusal
 * names the field that the client has sent. Used by one thread.
 */
final class Origins {
    private final IdentityHashMap<JsonObject, Map<String, String>> places = new IdentityHashMap<>();

    /** Notes of an object made here that some of its fields stand elsewhere in the request; names and places take turns. */
    JsonObject note(JsonObject made, String... namesAndPlaces) {
        Map<String, String> own = places.computeIfAbsent(made, first -> new HashMap<>());
        for (int i = 0; i < namesAndPlaces.length; i += 2) {
            own.put(namesAndPlaces[i], namesAndPlaces[i + 1]);
        }
        return made;
    }

    /** The place of a field; null where the object is the client's own. */
    @Nullable
    String place(JsonObject object, String name) {
        return places.getOrDefault(object, Map.of()).get(name);
    }
}
