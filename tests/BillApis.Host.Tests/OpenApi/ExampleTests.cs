using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Host.Tests.Security;

namespace BillApis.Host.Tests.OpenApi;

/// <summary>Every example of the OpenAPI document is sent to a running host, and accepted or refused as documented, to the letter.</summary>
public sealed class ExampleTests(HostFixture host)
{
    private static readonly string Kept = Repository.PathOf("src", "BillApis.AspNetCore", "OpenApi", "examples.json");

    [Fact]
    public async Task Every_example_is_accepted_or_refused_as_documented()
    {
        await using var own = new HostFixture();
        await own.InitializeAsync();
        using var client = own.CreateClient();
        var operations = await Operation.AllAsync(client);
        var run = new ExampleRun(client, own.Api.Token!, operations);
        await run.SendAllAsync(ExampleLine.ReadAll());
        var sent = run.Examples.Select(example => example.ToJson().ToJsonString(BillingJson.Options)).ToList();
        if (Environment.GetEnvironmentVariable("BILLAPIS_APPROVE") is "1")
        {
            await File.WriteAllTextAsync(Kept, $"[\n{string.Join(",\n", sent)}\n]\n", TestContext.Current.CancellationToken);
            return;
        }

        var kept = JsonNode.Parse(await File.ReadAllTextAsync(Kept, TestContext.Current.CancellationToken))!.AsArray().Select(example => example!.ToJsonString(BillingJson.Options)).ToList();
        sent.Zip(kept).Where(pair => pair.First != pair.Second).Select(pair => $"is     {pair.First}\nand not {pair.Second}").Take(3)
            .ShouldBeEmpty("the answers have changed; where that is meant: BILLAPIS_APPROVE=1 dotnet test tests/BillApis.Host.Tests --filter FullyQualifiedName~ExampleTests, and after it the same with tests/BillApis.Architecture.Tests");
        sent.Count.ShouldBe(kept.Count);
        Documented(operations).Order(StringComparer.Ordinal).ShouldBe(run.Examples.SelectMany(Parts).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_has_an_example_of_its_request_its_answer_and_a_refusal()
    {
        using var client = host.CreateClient();
        var missing = new List<string>();
        foreach (var operation in await Operation.AllAsync(client))
        {
            if (operation.Described.TryGetProperty("requestBody", out var body))
            {
                missing.AddRange(body.GetProperty("content").EnumerateObject().Where(content => content.Name != "multipart/form-data" && !content.Value.TryGetProperty("examples", out _)).Select(content => $"{operation} has no example of {content.Name}"));
            }

            var answers = operation.Described.GetProperty("responses").EnumerateObject().ToList();
            if (operation.AnswersJson && !answers.Any(answer => answer.Name[0] == '2' && HasExamples(answer.Value)))
            {
                missing.Add($"{operation} has no example of an answer");
            }

            if (!answers.Any(answer => answer.Name[0] == '4' && (answer.Value.TryGetProperty("$ref", out _) || HasExamples(answer.Value))))
            {
                missing.Add($"{operation} has no example of a refusal");
            }
        }

        missing.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_any_operation_may_be_refused_with_is_answered_as_documented()
    {
        using var client = host.CreateClient();
        var document = JsonElement.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken));
        var nothing = await new People(host).SignedInAsync();
        foreach (var (name, answer) in new[]
        {
            ("Unauthenticated", await host.Nobody.GetAsync("/customers")),
            ("Forbidden", await nothing.PostAsync("/customers", "{}")),
            ("TooLarge", await host.Api.SendTextAsync(HttpMethod.Post, "/customers", new string(' ', 17 * 1024 * 1024), "application/json")),
            ("MediaType", await host.Api.SendTextAsync(HttpMethod.Post, "/customers", "name", "text/plain")),
        })
        {
            var documented = document.GetProperty("components").GetProperty("responses").GetProperty(name).GetProperty("content").GetProperty("application/json").GetProperty("example").GetProperty("error");
            answer.Envelope.GetProperty("error").GetRawText().Replace("; charset=utf-8", "", StringComparison.Ordinal).ShouldBe(documented.GetRawText(), name);
        }
    }

    private static bool HasExamples(JsonElement answer) => answer.GetProperty("content").EnumerateObject().Any(content => content.Value.TryGetProperty("examples", out _));

    /// <summary>All bodies and answers that the document shows as examples.</summary>
    private static IEnumerable<string> Documented(List<Operation> operations)
    {
        foreach (var operation in operations)
        {
            var bodies = operation.Described.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").EnumerateObject().Select(content => ("body", content)) : [];
            var answers = operation.Described.GetProperty("responses").EnumerateObject().Where(answer => answer.Value.TryGetProperty("content", out _)).SelectMany(answer => answer.Value.GetProperty("content").EnumerateObject().Select(content => (answer.Name, content)));
            foreach (var (kind, content) in bodies.Concat(answers))
            {
                foreach (var example in content.Value.TryGetProperty("examples", out var examples) ? examples.EnumerateObject().ToList() : [])
                {
                    yield return $"{operation} {kind} {example.Value.GetProperty("summary").GetString()} {JsonNode.Parse(example.Value.GetProperty("value").GetRawText())!.ToJsonString(BillingJson.Options)}";
                }
            }
        }
    }

    private static IEnumerable<string> Parts(Example example)
    {
        var summary = $"{example.Operation.Split(' ')[0]} /api/v1{example.Path}";
        if (example.Body is { } body)
        {
            yield return $"{example.Operation} body {summary} {body.ToJsonString(BillingJson.Options)}";
        }

        if (example.Answer is { } answer)
        {
            yield return $"{example.Operation} {example.Status} {summary} {answer.ToJsonString(BillingJson.Options)}";
        }
    }
}
