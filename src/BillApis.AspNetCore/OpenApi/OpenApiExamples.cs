using System.Text.Json;
using System.Text.Json.Nodes;

namespace BillApis.AspNetCore;

/// <summary>The requests and answers that the OpenAPI document shows; each was sent to a running host.</summary>
internal static class OpenApiExamples
{
    private const string Resource = "BillApis.AspNetCore.OpenApi.examples.json";
    private static readonly Lazy<ILookup<string, OpenApiExample>> All = new(() => Read().ToLookup(example => example.Operation, StringComparer.Ordinal));

    /// <summary>Those of one operation, like <c>GET /customers/{id}</c> below the prefix; what is accepted comes first.</summary>
    public static IReadOnlyList<OpenApiExample> Of(string operation) => [.. All.Value[operation].OrderBy(example => example.Status >= 300)];

    private static OpenApiExample[] Read()
    {
        using var stream = typeof(OpenApiExamples).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"There is no resource {Resource}.");
        return JsonSerializer.Deserialize<OpenApiExample[]>(stream, BillingJson.Options)!;
    }
}

/// <summary>One request and its answer.</summary>
/// <param name="Operation">Such as <c>GET /customers/{id}</c>.</param>
/// <param name="Path">The path and query.</param>
/// <param name="ContentType">What the body is sent as.</param>
/// <param name="Body">JSON, or a text of another kind; null where there is none.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Answer">The envelope; null for a file.</param>
internal sealed record OpenApiExample(string Operation, string Path, string? ContentType, JsonNode? Body, int Status, JsonNode? Answer)
{
    /// <summary>The request line below a prefix.</summary>
    public string Line(string prefix) => $"{Operation.Split(' ')[0]} {prefix}{Path}";

    /// <summary>What was sent in the place of a parameter of the path, or as a parameter of the query; null where nothing was.</summary>
    public string? ValueOf(string name)
    {
        var (template, parts) = (Operation.Split(' ')[1].Split('/'), Path.Split('?'));
        var place = Array.IndexOf(template, $"{{{name}}}");
        return place >= 0 ? Uri.UnescapeDataString(parts[0].Split('/')[place])
            : parts.ElementAtOrDefault(1)?.Split('&').Select(pair => pair.Split('=', 2)).FirstOrDefault(pair => pair[0] == name) is [_, var value] ? Uri.UnescapeDataString(value)
            : null;
    }
}
