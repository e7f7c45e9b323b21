using System.Text.Json.Nodes;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>How any operation may be refused, described once.</summary>
internal static class OpenApiRefusals
{
    private static readonly (string Name, string Status, string Meaning, Failure Failure)[] Known =
    [
        ("Unauthenticated", "401", "AUTH_001: no credential, or one that is wrong or expired", Failure.Of(Gate.NeedsCredential())),
        ("Forbidden", "403", "AUTH_006: the caller may not do this", Failure.Of(Gate.NeedsPermission(new Identity.Permission("customers", Identity.Permission.Write)))),
        ("TooLarge", "413", "VAL_002: the body is too large", Failure.TooLarge),
        ("MediaType", "415", "VAL_003: the content type is not accepted", Failure.MediaType("text/plain", "application/json")),
        ("TooManyRequests", "429", "RATE_001: too many requests; Retry-After says when to try again", Failure.TooMany("requests", Duration.FromMinutes(1))),
        ("Internal", "500", "INT_001: an internal error", Failure.Internal),
        ("Unavailable", "503", "INT_002: a dependency is down", Failure.DatabaseDown),
    ];

    /// <summary>Refers to one of them by its status.</summary>
    public static JsonObject Of(string status) => new() { ["$ref"] = $"#/components/responses/{Known.Single(known => known.Status == status).Name}" };

    public static string MeaningOf(string status) => Known.Single(known => known.Status == status).Meaning;

    public static JsonObject ToJson()
    {
        var responses = new JsonObject();
        foreach (var (name, status, meaning, failure) in Known)
        {
            var response = new JsonObject
            {
                ["description"] = meaning,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Error" }, ["example"] = Envelope(failure) } },
            };
            if (status == "429")
            {
                response["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["description"] = "In how many seconds to try again.", ["schema"] = new JsonObject { ["type"] = "integer" } } };
            }

            responses[name] = response;
        }

        return responses;
    }

    private static JsonObject Envelope(Failure failure) => new()
    {
        ["success"] = false,
        ["error"] = new JsonObject { ["code"] = failure.Code, ["msg"] = failure.Message, ["details"] = new JsonArray() },
        ["payload"] = null,
        ["input"] = new JsonObject(),
    };
}
