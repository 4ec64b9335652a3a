// The tags of a repository, in order and in pages. OCI distribution spec 1.1, "Listing Tags".
import { repositoryIn } from '#services/ecr/image-records.ts';
import { tagKey } from '#services/ecr/keys.ts';
import { tagKind } from '#services/ecr/kinds.ts';
import { pageLength, readDurably, replyJson, type Exchange } from './exchange.ts';

const maximumPage = 1000;

export async function listTags({ parts, response, query, repository: name, path }: Exchange): Promise<void> {
  const length = Math.min(pageLength(query, maximumPage), maximumPage);
  const last = query.get('last') ?? '';
  const following = await readDurably(parts.store, (reader) => {
    const { key } = repositoryIn(reader, name);
    const tags = reader.list(tagKind, tagKey(key, '')).map(({ spec }) => spec.tag);
    return tags.filter((tag) => inOrder(last, tag) < 0).toSorted(inOrder);
  });
  const tags = following.slice(0, length);
  const more = tags.length > 0 && following.length > tags.length;
  const next = `/v2/${path}/tags/list?n=${length}&last=${encodeURIComponent(tags.at(-1) ?? '')}`;
  replyJson(response, 200, more ? { link: `<${next}>; rel="next"` } : {}, { name: path, tags });
}

/** "In lexical order (i.e. case-insensitive alphanumeric order)"; tags that differ in case alone, by code unit. */
function inOrder(one: string, other: string): number {
  return compare(one.toLowerCase(), other.toLowerCase()) || compare(one, other);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
