using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.Security.Fuzz;

/// <summary>One request that is nearly what an operation asks for.</summary>
internal sealed record FuzzRequest(HttpMethod Method, string Path, byte[]? Body, string? ContentType, IReadOnlyList<(string Name, string Value)> Headers)
{
    private const string Json = "application/json";
    private const string Authorization = "Authorization";
    private const string ApiKey = "X-API-Key";
    private static readonly string[] Names =
    [
        "X-Request-Id", "Accept", "Accept-Encoding", "Accept-Language", "Accept-Charset", "If-Match", "If-None-Match", "If-Modified-Since", "Range", "Cookie", "Origin", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
        "X-HTTP-Method-Override", "X-Original-URL", "Access-Control-Request-Method", "Prefer", "Expect", "TE", "Trailer", "Upgrade", "Via", "traceparent", "Content-Language", "Content-Range", "Content-MD5", "Content-Disposition", "X-Tenant-Id",
    ];

    private static readonly string[] MediaTypes = [Json, "application/json; charset=utf-8", "text/plain", "application/x-ndjson", "text/csv", "application/cloudevents+json", "application/cloudevents-batch+json", "application/xml", "multipart/form-data; boundary=x", "nonsense"];

    public static FuzzRequest Of(Operation operation, Random random, FuzzValues values)
    {
        var path = Regex.Replace(operation.Path, @"\{[^}]+\}", _ => Uri.EscapeDataString(Segment(values.Text()).Replace('\0', '?')));
        var query = new StringBuilder();
        foreach (var parameter in operation.Described.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Where(item => item.GetProperty("in").GetString() == "query").ToList() : [])
        {
            if (parameter.GetProperty("required").GetBoolean() ? random.Next(10) > 0 : random.Next(3) == 0)
            {
                var value = parameter.TryGetProperty("schema", out var schema) ? values.Of(schema)?.ToString() ?? "" : values.Text();
                query.Append('&').Append(parameter.GetProperty("name").GetString()).Append('=').Append(Uri.EscapeDataString(Segment(random.Next(8) == 0 ? values.NumberText() : value)));
            }
        }

        if (random.Next(30) == 0)
        {
            query.Append("&limit=1&limit=2&nonsense=%00");
        }

        var target = query.Length == 0 ? path : $"{path}?{query.ToString(1, query.Length - 1)}";
        var content = operation.Described.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").EnumerateObject().ToList() : [];
        if (operation.Method == HttpMethod.Get || (content.Count == 0 && random.Next(3) > 0))
        {
            return new FuzzRequest(operation.Method, target, null, null, Extra(random, values));
        }

        var chosen = content.Count == 0 ? null : (JsonProperty?)content[random.Next(content.Count)];
        var extra = Extra(random, values);
        var bytes = values.Bytes(chosen is { } form ? values.Of(form.Value.GetProperty("schema")) : values.Of(default));
        var type = random.Next(30) == 0 ? MediaTypes[random.Next(MediaTypes.Length)] : chosen?.Name ?? Json;
        return random.Next(400) == 0 ? new FuzzRequest(operation.Method, target, FuzzBombs.Next(random, bytes, out var coding), type, [("Content-Encoding", coding)])
            : new FuzzRequest(operation.Method, target, random.Next(20_000) == 0 ? new byte[17 * 1024 * 1024] : bytes, type, extra);
    }

    /// <summary>Whether it has a credential of its own making.</summary>
    public bool IsForged => Headers.Any(header => header.Name is Authorization or ApiKey);

    /// <summary>The message, with this credential where it has none and one is needed.</summary>
    public HttpRequestMessage ToMessage((string Name, string Value)? credential)
    {
        var request = new HttpRequestMessage(Method, new Uri($"/api/v1{Path}", UriKind.Relative));
        if (credential is { } good && !IsForged)
        {
            request.Headers.TryAddWithoutValidation(good.Name, good.Value);
        }

        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        foreach (var (name, value) in Headers)
        {
            _ = request.Headers.TryAddWithoutValidation(name, value) || request.Content?.Headers.TryAddWithoutValidation(name, value) == true;
        }

        return request;
    }

    public override string ToString() => $"{Method} {Path} {ContentType} {(Body is null ? "" : Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, 600))))} {string.Join(" ", Headers.Select(header => $"{header.Name}: {header.Value}"))}";

    // A zero byte in a path is refused by the server before it is ours. Half of a pair cannot stand in a path; that it may stand in a body is tried there.
    private static string Segment(string text) => text.Length == 0 ? "-" : text.Length > 3_000 ? text[..3_000] : text;

    private static List<(string, string)> Extra(Random random, FuzzValues values)
    {
        var headers = new List<(string, string)>();
        if (random.Next(10) == 0)
        {
            headers.Add(("Idempotency-Key", random.Next(3) == 0 ? Header(values.Text()) : $"key-{random.Next(40)}"));
        }

        if (random.Next(40) == 0)
        {
            headers.Add(("Content-Encoding", random.Next(2) == 0 ? "gzip" : "br"));
        }

        if (random.Next(20) == 0)
        {
            headers.Add((Names[random.Next(Names.Length)], Header(random.Next(3) == 0 ? values.NumberText() : values.Text())));
        }

        if (random.Next(60) == 0)
        {
            headers.Add(random.Next(3) switch { 0 => (Authorization, $"Bearer {Header(values.Text())}"), 1 => (Authorization, Header(values.Text())), _ => (ApiKey, $"bk_live_{Header(values.Text())}") });
        }

        return headers;
    }

    private static string Header(string text) => new([.. text.Where(letter => letter is >= ' ' and <= '~').Take(500)]);
}
