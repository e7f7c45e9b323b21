using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Users with certain roles, signed in.</summary>
public sealed class People(HostFixture host)
{
    public const string Password = "a password of some length";

    public async Task<JsonElement> AddAsync(params string[] roles) =>
        (await host.Api.PostAsync("/admin/users", new { email = $"{Seed.Name("person")}@example.com", name = "Person", roles, password = Password })).Ok(201);

    public async Task<Api> SignedInAsync(params string[] roles) => await SignInAsync(await AddAsync(roles));

    public async Task<Api> SignInAsync(JsonElement user, string password = Password) =>
        new(host.CreateClient(), (await LoginAsync(user, password)).Ok().GetProperty("access_token").GetString());

    public Task<Answer> LoginAsync(JsonElement user, string password = Password) =>
        host.Nobody.PostAsync("/auth/login", new { email = user.GetProperty("email").GetString(), password });
}
