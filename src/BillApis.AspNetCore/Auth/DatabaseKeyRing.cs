using System.Xml.Linq;
using BillApis.Identity;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace BillApis.AspNetCore;

/// <summary>Keeps the keys of ASP.NET Data Protection in the database, so that every node decrypts what another one encrypted.</summary>
/// <remarks>Its caller takes no asynchronous answer; it asks at the start, and about once a day.</remarks>
internal sealed class DatabaseKeyRing(IStore<RingKey> store) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(ReadAsync).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName)
    {
        var key = new RingKey { Xml = element.ToString(SaveOptions.DisableFormatting), CreatedAt = RealTime.Now };
        Task.Run(() => store.SaveAsync(TenantId.Default, [key], [], CancellationToken.None)).GetAwaiter().GetResult();
    }

    private async Task<IReadOnlyCollection<XElement>> ReadAsync()
    {
        var elements = new List<XElement>();
        await foreach (var key in store.AllAsync(TenantId.Default, new StoreQuery { Limit = Limits.PageSize }, CancellationToken.None).ConfigureAwait(false))
        {
            elements.Add(XElement.Parse(key.Xml));
        }

        return elements;
    }
}
