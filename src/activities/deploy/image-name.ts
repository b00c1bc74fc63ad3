/** The name under which the image of a revision is kept on the machine that runs it. */
export const imageNameOf = (stack: string, service: string, revision: number): string =>
  `steadyhand/${stack}-${service}:${revision}`;
