package io.github.internvl.server.http;

import com.google.gson.JsonObject;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The original paths of fields that were translated from one protocol to another, so that an error names the field that the
 * client sent. Used by one thread.
 */
public final class FieldOrigins {
    private final IdentityHashMap<JsonObject, Map<String, String>> paths = new IdentityHashMap<>();

    /** Records the original paths of some fields of a translated object; names and paths alternate. */
    public JsonObject note(JsonObject made, String... namesAndPaths) {
        Map<String, String> own = paths.computeIfAbsent(made, first -> new HashMap<>());
        for (int i = 0; i < namesAndPaths.length; i += 2) {
            own.put(namesAndPaths[i], namesAndPaths[i + 1]);
        }
        return made;
    }

    /** The original path of a field; null if the client sent the object itself. */
    @Nullable
    String path(JsonObject object, String name) {
        return paths.getOrDefault(object, Map.of()).get(name);
    }
}
