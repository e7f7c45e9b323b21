using System.Text.Json.Nodes;

namespace BillApis.Host.Tests.OpenApi;

/// <summary>A request and its answer, as they are documented.</summary>
/// <param name="Operation">Such as <c>GET /customers/{id}</c>.</param>
/// <param name="Path">The path and query, below the prefix.</param>
/// <param name="ContentType">What the body is sent as.</param>
/// <param name="Body">JSON, or a text of another kind; null where there is none.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Answer">The envelope, or null for a file.</param>
internal sealed record Example(string Operation, string Path, string? ContentType, JsonNode? Body, int Status, JsonNode? Answer)
{
    public JsonObject ToJson() => new()
    {
        ["operation"] = Operation, ["path"] = Path, ["content_type"] = ContentType, ["body"] = Body?.DeepClone(), ["status"] = Status, ["answer"] = Answer?.DeepClone(),
    };
}
