using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class UserTests(HostFixture host)
{
    private readonly People _people = new(host);

    [Fact]
    public async Task A_user_is_added_with_a_password_found_changed_and_disabled()
    {
        var email = $"{Seed.Name("Ada")}@Example.com";
        var user = (await host.Api.PostAsync("/admin/users", new { email, name = "Ada", roles = new[] { "support" }, password = People.Password })).Ok(201);
        user.GetProperty("email").GetString().ShouldBe(email.ToLowerInvariant());
        user.GetProperty("reset_token").ValueKind.ShouldBe(JsonValueKind.Null);
        (await host.Api.GetAsync($"/admin/users?email={email}")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([Seed.Id(user)]);
        (await host.Api.GetAsync($"/admin/users/{Seed.Id(user)}")).Ok().GetProperty("roles")[0].GetString().ShouldBe("support");

        var api = await _people.SignInAsync(user);
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(user)}", new { name = "Ada L.", roles = new[] { "finance" } })).Ok().GetProperty("name").GetString().ShouldBe("Ada L.");
        (await api.GetAsync("/auth/me")).Ok().GetProperty("roles")[0].GetString().ShouldBe("finance");

        (await host.Api.DeleteAsync($"/admin/users/{Seed.Id(user)}")).Ok().GetProperty("disabled_at").ValueKind.ShouldBe(JsonValueKind.String);
        (await api.GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await api.GetAsync("/customers")).ShouldFail(401, "AUTH_001");
        (await _people.LoginAsync(user)).ShouldFail(401, "AUTH_001");
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(user)}", new { disabled = false })).Ok();
        (await api.GetAsync("/customers")).Ok();
    }

    [Fact]
    public async Task An_invited_user_sets_the_password_once()
    {
        var user = (await host.Api.PostAsync("/admin/users", new { email = $"{Seed.Name("guest")}@example.com", name = "Guest" })).Ok(201);
        var token = user.GetProperty("reset_token").GetString();
        (await host.Api.GetAsync($"/admin/users/{Seed.Id(user)}")).Envelope.GetRawText().ShouldNotContain(token!.Split('.')[2]);
        (await ResetAsync(token + "x")).ShouldFail(400, "VAL_001", "token");
        (await ResetAsync(token, "short")).ShouldFail(400, "VAL_001", "new_password");
        (await ResetAsync(token)).Ok();
        (await ResetAsync(token)).ShouldFail(400, "VAL_001", "token");
        (await _people.LoginAsync(user)).Ok();
    }

    [Fact]
    public async Task A_reset_ends_every_session_and_an_older_reset_is_void()
    {
        var user = await _people.AddAsync("support");
        var refresh = (await _people.LoginAsync(user)).Ok().GetProperty("refresh_token").GetString();
        var first = (await host.Api.PostAsync($"/admin/users/{Seed.Id(user)}/password-reset")).Ok().GetProperty("reset_token").GetString()!;
        var second = (await host.Api.PostAsync($"/admin/users/{Seed.Id(user)}/password-reset")).Ok().GetProperty("reset_token").GetString()!;
        (await ResetAsync(first)).ShouldFail(400, "VAL_001", "token");
        (await ResetAsync(second, "another password")).Ok();
        (await host.Nobody.PostAsync("/auth/refresh", new { refresh_token = refresh })).ShouldFail(401, "AUTH_001");
        (await _people.LoginAsync(user)).ShouldFail(401, "AUTH_001");
        (await _people.LoginAsync(user, "another password")).Ok();
    }

    [Fact]
    public async Task What_cannot_be_is_refused_by_name()
    {
        var user = await _people.AddAsync();
        (await host.Api.PostAsync("/admin/users", new { email = user.GetProperty("email").GetString(), name = "Twin" })).ShouldFail(409, "CON_001");
        (await host.Api.PostAsync("/admin/users", new { email = "nobody", name = "X" })).ShouldFail(400, "VAL_001", "email");
        (await host.Api.PostAsync("/admin/users", new { email = "x@example.com", name = "X", password = "short" })).ShouldFail(400, "VAL_001", "password");
        (await host.Api.PostAsync("/admin/users", new { email = "x@example.com", name = "X", roles = new[] { "emperor" } })).ShouldFail(400, "VAL_001", "roles");
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(user)}", new { roles = new[] { "support", "support" } })).ShouldFail(400, "VAL_001", "roles");
        (await host.Api.GetAsync("/admin/users/usr_00000000000000000000000000")).ShouldFail(404, "RES_001");
    }

    [Fact]
    public async Task A_tenant_keeps_an_owner()
    {
        var owner = (await host.Api.GetAsync("/auth/me")).Ok();
        (await host.Api.DeleteAsync($"/admin/users/{Seed.Id(owner)}")).ShouldFail(409, "CON_001");
        (await host.Api.PatchAsync($"/admin/users/{Seed.Id(owner)}", new { roles = new[] { "admin" } })).ShouldFail(409, "CON_001");
        var second = await _people.AddAsync("owner");
        (await host.Api.DeleteAsync($"/admin/users/{Seed.Id(second)}")).Ok();
    }

    [Fact]
    public async Task Nobody_gives_or_takes_more_than_they_may_do_themselves()
    {
        var admin = await _people.SignedInAsync("admin");
        var owner = await _people.AddAsync("owner");
        (await admin.PostAsync("/admin/users", new { email = "x@example.com", name = "X", roles = new[] { "owner" } })).ShouldFail(403, "AUTH_006");
        foreach (var answer in new[]
        {
            await admin.PatchAsync($"/admin/users/{Seed.Id(owner)}", new { roles = new[] { "support" } }),
            await admin.DeleteAsync($"/admin/users/{Seed.Id(owner)}"),
            await admin.PostAsync($"/admin/users/{Seed.Id(owner)}/password-reset"),
        })
        {
            answer.ShouldFail(403, "AUTH_006");
        }

        (await _people.LoginAsync(owner)).Ok();
        var support = await _people.AddAsync("support");
        (await admin.PatchAsync($"/admin/users/{Seed.Id(support)}", new { roles = new[] { "owner" } })).ShouldFail(403, "AUTH_006");
        (await admin.PatchAsync($"/admin/users/{Seed.Id(support)}", new { roles = new[] { "finance" } })).Ok();
        (await host.Api.DeleteAsync($"/admin/users/{Seed.Id(owner)}")).Ok();
    }

    private Task<Answer> ResetAsync(string token, string password = People.Password) => host.Nobody.PostAsync("/auth/password/reset", new { token, new_password = password });
}
