using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Calls the host as a program would, below <c>/api/v1</c>, and checks that every answer is the envelope.</summary>
public sealed class Api(HttpClient client, string? token)
{
    /// <summary>The access token that it calls with.</summary>
    public string? Token { get; } = token;

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, Json(body));

    /// <summary>Posts with an idempotency key.</summary>
    public Task<Answer> PostOnceAsync(string path, object body, string key) => SendAsync(HttpMethod.Post, path, Json(body), ("Idempotency-Key", key));

    public Task<Answer> PatchAsync(string path, object body) => SendAsync(HttpMethod.Patch, path, Json(body));

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> SendTextAsync(HttpMethod method, string path, string body, string contentType) =>
        SendAsync(method, path, new StringContent(body, Encoding.UTF8) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } });

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri($"/api/v1{path}", UriKind.Relative)) { Content = content };
        if (Token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    private static StringContent? Json(object? body) =>
        body is null ? null : new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
}
