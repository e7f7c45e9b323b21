namespace BillApis.Host.Tests;

/// <summary>Customers and their people, signed in to the portal.</summary>
public sealed class PortalPeople(HostFixture host, Api administrator)
{
    /// <summary>A new customer, and one of its people.</summary>
    public async Task<(string Customer, Api User)> AddAsync()
    {
        var (customer, email) = (Seed.Id(await new Seed(administrator).CustomerAsync()), $"{Seed.Name("portal")}@example.com");
        (await administrator.PostAsync($"/customers/{customer}/portal-users", new { email, name = "Ada", password = People.Password })).Ok(201);
        return (customer, await SignInAsync(email, People.Password));
    }

    public async Task<Api> SignInAsync(string email, string password) =>
        new(host.CreateClient(), (await host.Nobody.PostAsync("/portal/auth/login", new { email, password })).Ok().GetProperty("access_token").GetString());
}
