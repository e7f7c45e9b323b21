using System.Reflection;
using System.Text;
using System.Text.Json;
using BillApis.Outbox;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests;

/// <summary>Whatever goes wrong, the answer is the envelope with the code of the contract.</summary>
public sealed class EnvelopeTests(HostFixture host)
{
    private static readonly HttpMethod Post = HttpMethod.Post;

    [Fact]
    public async Task An_unknown_route_is_REQ_001_with_and_without_a_credential()
    {
        (await host.Api.GetAsync("/nothing/here?a=1")).ShouldFail(404, "REQ_001");
        (await host.Nobody.PostAsync("/nothing/here", new { })).ShouldFail(404, "REQ_001");
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_take_is_405_and_names_those_it_takes()
    {
        var answer = await host.Api.DeleteAsync("/auth/login");
        answer.ShouldFail(405, "REQ_001");
        answer.Message.ShouldContain("POST");
    }

    [Fact]
    public void Parts_of_paths_are_text_to_their_handlers_who_refuse_a_wrong_one()
    {
        // Outside of development, one that ASP.NET cannot bind calls no handler and would be answered as done.
        var bound = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(route => (route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? []).Where(parameter => route.RoutePattern.GetParameter(parameter.Name!) is not null).Select(parameter => (route.DisplayName, parameter.Name, parameter.ParameterType)))
            .ToList();
        bound.ShouldNotBeEmpty();
        bound.Where(parameter => parameter.ParameterType != typeof(string)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"email\": \"a\", \"email\": \"b\", \"password\": \"c\"}")]
    [InlineData("{\"email\": \"a\", \"password\": \"b\"} x")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{'email': 'a'}")]
    [InlineData("{\"email\": \"\\ud800\", \"password\": \"b\"}")]
    [InlineData("{\"\\uDC00\": 1}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task Broken_JSON_is_VAL_001(string body) => (await host.Nobody.SendTextAsync(Post, "/auth/login", body, "application/json")).ShouldFail(400, "VAL_001");

    [Fact]
    public async Task Text_that_is_not_UTF_8_is_VAL_001()
    {
        using var content = new ByteArrayContent([(byte)'"', 0xFF, 0xFE, (byte)'"']) { Headers = { ContentType = new("application/json") } };
        (await host.Nobody.SendAsync(Post, "/auth/login", content)).ShouldFail(400, "VAL_001", "body");
    }

    [Fact]
    public async Task A_name_that_is_there_twice_is_told_with_its_place()
    {
        var answer = await host.Api.PostAsync("/customers", "{\"name\": \"A\",\n \"address\": {\"city\": \"x\",\n  \"city\": \"y\"}}");
        answer.ShouldFail(400, "VAL_001", "body");
        answer.Message.ShouldContain("(line 3, byte 3)");
    }

    [Fact]
    public async Task A_body_is_sent_back_up_to_the_limit_and_above_it_only_its_size()
    {
        string Body(int size) => "{\"events\":[]" + new string(' ', size - 13) + "}";
        (await host.Api.PostAsync("/usage/events", Body(Limits.EchoedBytes))).Input.GetRawText().ShouldBe("{\"events\":[]}");
        (await host.Api.PostAsync("/usage/events", Body(Limits.EchoedBytes + 1))).Input.GetProperty("omitted_bytes").GetInt32().ShouldBe(Limits.EchoedBytes + 1);
    }

    [Fact]
    public async Task Every_refused_field_is_named()
    {
        var answer = await host.Nobody.PostAsync("/auth/login", new { email = 5, extra = true });
        answer.ShouldFail(400, "VAL_001", "email", "password", "extra");
        answer.Message.ShouldBe("Validation error: field 'email' must be a string");
        (await host.Nobody.PostAsync("/auth/login", new { password = "x" })).Message.ShouldBe("Validation error: field 'email' is required");
        (await host.Nobody.PostAsync("/auth/login", new { email = (string?)null, password = "x\0y" })).ShouldFail(400, "VAL_001", "email", "password");
    }

    [Fact]
    public async Task No_credential_and_a_bad_one_are_AUTH_001()
    {
        var answer = await host.Nobody.GetAsync("/auth/me");
        answer.ShouldFail(401, "AUTH_001");
        answer.Headers["WWW-Authenticate"].ShouldBe(["Bearer"]);
        foreach (var credential in new[] { "Bearer nonsense", "Bearer a.b.c", "Basic YTpi", "Bearer " })
        {
            (await host.Nobody.SendAsync(HttpMethod.Get, "/auth/me", null, ("Authorization", credential))).ShouldFail(401, "AUTH_001");
        }
    }

    [Fact]
    public async Task A_wrong_content_type_is_VAL_003()
    {
        (await host.Nobody.SendTextAsync(Post, "/auth/login", "email=a", "application/x-www-form-urlencoded")).ShouldFail(415, "VAL_003");
        (await host.Nobody.SendTextAsync(Post, "/auth/login", "{}", "application/json; charset=utf-16")).ShouldFail(415, "VAL_003");
        using var untyped = new ByteArrayContent(Encoding.UTF8.GetBytes("{}"));
        (await host.Nobody.SendAsync(Post, "/auth/login", untyped)).ShouldFail(415, "VAL_003");
    }

    [Fact]
    public async Task A_body_above_the_limit_is_VAL_002()
    {
        using var large = new ByteArrayContent(new byte[Limits.RequestBytes + 1]) { Headers = { ContentType = new("application/json") } };
        (await host.Nobody.SendAsync(Post, "/auth/login", large)).ShouldFail(413, "VAL_002");
    }

    [Fact]
    public async Task Secrets_in_the_input_are_masked()
    {
        var answer = await host.Nobody.PostAsync("/auth/login", new { email = "nobody@example.com", password = "hunter2" });
        answer.Envelope.GetRawText().ShouldNotContain("hunter2");
        answer.Input.GetProperty("email").GetString().ShouldBe("nobody@example.com");
        answer.Input.GetProperty("password").GetString().ShouldBe("***");
        (await host.Api.GetAsync("/auth/me?token=abc&a=b")).Input.GetRawText().ShouldBe("""{"token":"***","a":"b"}""");
    }

    [Fact]
    public async Task The_callers_request_id_is_sent_back_and_a_bad_one_is_replaced()
    {
        (await host.Nobody.SendAsync(HttpMethod.Get, "/auth/me", null, ("X-Request-Id", "my-id-1"))).Headers["X-Request-Id"].ShouldBe(["my-id-1"]);
        (await host.Nobody.SendAsync(HttpMethod.Get, "/auth/me", null, ("X-Request-Id", new string('x', 500)))).Headers["X-Request-Id"].Single().Length.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task Health_is_told_without_the_envelope()
    {
        using var client = host.CreateClient();
        foreach (var (path, expected) in new[]
        {
            ("/health", """{"status":"healthy","dependencies":{"database":"ok","cache":"ok","message_broker":"ok"}}"""),
            ("/health/ready", """{"status":"healthy","dependencies":{"database":"ok","cache":"ok","message_broker":"ok"}}"""),
            ("/health/live", """{"status":"healthy"}"""),
        })
        {
            (await client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).ShouldBe(expected);
        }

        foreach (var path in new[] { "/health", "/health/live", "/health/ready", "/openapi/v1.json", "/docs", "/.well-known/jwks.json" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Headers = { { "X-Request-Id", "my-id-2" } } };
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            answer.Headers.GetValues("X-Request-Id").ShouldBe(["my-id-2"]);
        }

        (await host.Nobody.GetAsync("/admin/health")).ShouldFail(401, "AUTH_001");
        await host.Services.GetRequiredService<OutboxDispatcher>().DispatchAsync(TenantId.Default, TestContext.Current.CancellationToken);
        var health = (await host.Api.GetAsync("/admin/health")).Ok();
        (health.GetProperty("status").GetString(), health.GetProperty("dependencies").GetProperty("database").GetString(), health.GetProperty("pending_events").GetInt32()).ShouldBe(("healthy", "ok", 0));

        var unknown = await client.GetAsync(new Uri("/elsewhere", UriKind.Relative), TestContext.Current.CancellationToken);
        (await Answer.ReadAsync(unknown)).ShouldFail(404, "REQ_001");
    }

    [Fact]
    public async Task The_OpenAPI_document_refers_only_to_what_it_defines()
    {
        using var client = host.CreateClient();
        var text = await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken);
        var document = JsonElement.Parse(text);
        document.GetProperty("openapi").GetString().ShouldBe("3.1.0");
        var defined = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => $"#/components/schemas/{schema.Name}")
            .Concat(document.GetProperty("components").GetProperty("responses").EnumerateObject().Select(response => $"#/components/responses/{response.Name}"));
        References(document).Distinct().Except(defined).ShouldBeEmpty();
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Where(operation => !operation.Value.TryGetProperty("summary", out _) || operation.Value.GetProperty("tags").GetArrayLength() == 0 || operation.Value.GetProperty("responses").EnumerateObject().All(response => response.Name[0] != '2'))
            .Select(operation => operation.Value.GetProperty("operationId").GetString()).ShouldBeEmpty("operations without a summary, a tag or an answer");
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => property is { Name: "$ref", Value.ValueKind: JsonValueKind.String } ? [property.Value.GetString()!] : References(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
