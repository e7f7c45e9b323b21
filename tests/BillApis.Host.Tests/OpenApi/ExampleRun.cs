using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BillApis.Host.Tests.Security;

namespace BillApis.Host.Tests.OpenApi;

/// <summary>Sends the requests of <c>examples.txt</c> to a host of its own, and after the first of each operation one that must be refused.</summary>
internal sealed class ExampleRun(HttpClient client, string token, List<Operation> operations)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal) { ["owner-token"] = token };
    private readonly ExampleNames _names = new();
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    public List<Example> Examples { get; } = [];

    public async Task SendAllAsync(IEnumerable<ExampleLine> lines)
    {
        var wrong = new List<string>();
        foreach (var line in lines)
        {
            var answer = await SendAsync(line, Fill(line.Path), line.Body is null ? null : Fill(line.Body));
            if ((answer.Status < 300) == line.IsRefused)
            {
                wrong.Add($"{line.Method} {line.Path} {line.Body}: {answer.Status} {answer.Answer?["error"]?.ToJsonString()}");
            }

            if (answer.Status < 300 && line.IsShown && _refused.Add(answer.Operation) && Refusal(line, operations.Single(operation => operation.ToString() == answer.Operation)) is { } refusal)
            {
                var refused = await SendAsync(line, refusal.Path, refusal.Body);
                wrong.AddRange(refused.Status is 400 or 404 ? [] : [$"{line.Method} {refusal}: {refused.Status}"]);
            }
        }

        wrong.ShouldBeEmpty();
    }

    /// <summary>The same with a field that is not known, something that is not there, or a page without items.</summary>
    private (string Path, string? Body)? Refusal(ExampleLine line, Operation operation) =>
        line.Body is not null && line.ContentType == "application/json" && line.Body[0] == '{' ? (Fill(line.Path), """{"nonsense":1}""")
        : operation.TakesPath ? (operation.At("nothing"), null)
        : operation.Pages ? ($"{operation.Path}?limit=0", null)
        : null;

    private async Task<Example> SendAsync(ExampleLine line, string path, string? body)
    {
        using var request = new HttpRequestMessage(line.Method, new Uri($"/api/v1{path}", UriKind.Relative));
        request.Headers.Add("X-Request-Id", "req_example");
        if (_values.TryGetValue($"{line.Who}-token", out var credential))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(line.ContentType));
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        if (isJson)
        {
            var answer = JsonElement.Parse(text);
            _names.Learn(answer);
            if (line.Name is { } name && response.IsSuccessStatusCode)
            {
                _values[name] = Take(answer.GetProperty("payload"), line.Field.Split('.'));
            }
        }

        var example = new Example(
            OperationOf(line.Method, path), _names.Write(path), body is null ? null : line.ContentType,
            body is null ? null : line.ContentType.EndsWith("json", StringComparison.Ordinal) && !line.ContentType.EndsWith("ndjson", StringComparison.Ordinal) ? JsonNode.Parse(_names.Write(body)) : JsonValue.Create(_names.Write(body)),
            (int)response.StatusCode, isJson ? JsonNode.Parse(_names.Write(text)) : null);
        if (line.IsShown)
        {
            Examples.Add(example);
        }

        return example;
    }

    private string OperationOf(HttpMethod method, string path) => operations
        .Where(operation => operation.Method == method && Regex.IsMatch(path.Split('?')[0], $"^{Regex.Replace(operation.Path, @"\{[^}]+\}", "[^/]+")}$"))
        .OrderBy(operation => operation.Path.Count(letter => letter == '{')).First().ToString();

    // $name is a value that was kept, $name!code a code of an authenticator that holds it, and $name!next its next one.
    private string Fill(string text) => Regex.Replace(text, @"\$([a-z][a-z-]*)(?:!(code|next))?", match =>
    {
        var value = _values.GetValueOrDefault(match.Groups[1].Value, "unknown");
        if (!match.Groups[2].Success)
        {
            return value;
        }

        var code = SecondFactorTests.Code(value, match.Groups[2].Value == "next" ? 1 : 0);
        _names.Call(code, "123456");
        return code;
    });

    private static string Take(JsonElement payload, string[] field)
    {
        foreach (var name in field)
        {
            payload = payload.ValueKind is JsonValueKind.Array ? payload[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] : payload.GetProperty(name);
        }

        return payload.ToString();
    }
}
